import { createRouter } from "../../shared/http/mod.ts";
import { getDocsPage } from "./handlers/get_docs_page.ts";
import { getDocument } from "./handlers/get_document.ts";

/** The documentation of the API. */
export const router = createRouter("docs", [getDocsPage, getDocument]);
