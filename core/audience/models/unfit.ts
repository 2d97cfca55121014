/** The data cannot carry the model: said to whoever asked for it, and not retried. */
export class Unfit extends Error {
  override name = 'Unfit';
}
