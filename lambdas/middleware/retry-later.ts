/** A temporary obstacle: the queue gives the message back later. Whatever was done so far is kept. */
export class RetryLater extends Error {
  override name = 'RetryLater';
}
