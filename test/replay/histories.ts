/** Histories of replications, as recorded by `record.test.ts`. */
export const HISTORIES = new URL('./histories/', import.meta.url);
