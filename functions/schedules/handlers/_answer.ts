/** What the headers of an answer with a schedule say. */
export const SCHEDULE_HEADERS = { ETag: "The version of the schedule, for If-Match" };
