/** What the ETag of an answer says. */
export const VERSION_HEADERS = { ETag: "Its version, for If-Match" };

/** Headers of an answer to a request that made something. */
export const CREATED_HEADERS = { ...VERSION_HEADERS, Location: "The address of what was made" };
