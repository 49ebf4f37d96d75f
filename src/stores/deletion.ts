/** The records that take the place of a deleted record, in a file store. */

/**
 * The record that follows a deleted record, so that the number of the deleted record stays taken. A
 * new folder begins with it, too.
 */
export const DELETED = JSON.stringify({ version: 1, deleted: true });

/**
 * The last record of a folder: no process writes another record after it. The first versions of
 * this package treat it as a damaged record, and therefore do not overwrite it.
 */
export const CLOSED = JSON.stringify({ version: 1, deleted: true, closed: true });

/** Whether the text of a record is `DELETED` or `CLOSED`. */
export const isDeletion = (text: string): boolean => /^\{"version":1,"deleted":true[,}]/.test(text);
