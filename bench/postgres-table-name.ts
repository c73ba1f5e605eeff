/** Alone in its file, because the worker does not fill the table. */
export const TABLE = "readings";
