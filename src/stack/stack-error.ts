/** What keeps the local stack from running, in sentences for the person at the keyboard. */
export class StackError extends Error {
  override readonly name = 'StackError';
}
