import siftModule from 'sift';
import { eachRule } from './each-rule.ts';
import { mongoQuery } from './mongo-query.ts';

// Node takes what the package exports as its default, while its types speak of a `default` within that.
const sift = siftModule as unknown as typeof siftModule.default;

/** MongoDB queries, compiled once. */
export const engine = eachRule((condition) => sift(mongoQuery(condition, (prefix) => new RegExp(`^${prefix}`))));
