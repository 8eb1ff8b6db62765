/** What the headers of an answer with a key say. */
export const KEY_HEADERS = { ETag: "The version of the key, for If-Match" };

/** The same for a key that was just made. */
export const NEW_KEY_HEADERS = { ...KEY_HEADERS, Location: "The address of the key" };
