import { createRouter } from "../../shared/http/mod.ts";
import { getDocsFile } from "./handlers/get_docs_file.ts";
import { getDocsPage } from "./handlers/get_docs_page.ts";
import { getDocsPart } from "./handlers/get_docs_part.ts";
import { getDocument } from "./handlers/get_document.ts";

/** The documentation of the API. */
export const router = createRouter("docs", [getDocsPage, getDocsFile, getDocument, getDocsPart]);
