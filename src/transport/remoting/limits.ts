/** How long an answer may take. ms. */
export const REQUEST_TIMEOUT_MS = 5_000;
/** How long one name server may take before the next one is asked. ms. */
export const NAME_SERVER_TIMEOUT_MS = 3_000;
/** A broker looks for held pulls whose time is up only this often (PullRequestHoldService). ms. */
export const HOLD_CHECK_MS = 5_000;
/** How old a list of brokers may be; clients refresh theirs this often as well. ms. */
export const DIRECTORY_AGE_MS = 30_000;
/** The same while a slave stands in for its master, which may be back any time. ms. */
export const SLAVE_DIRECTORY_AGE_MS = 5_000;
