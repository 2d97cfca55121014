import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';

/**
 * dynalite without its HTTP server: its inner modules are called directly, which makes conditional updates five times as fast;
 * package.json pins the version. Plain JavaScript: see lambda-worker.mjs.
 */
const require = createRequire(import.meta.url);
const db = require('dynalite/db');
const { checkTypes, checkValidations } = require('dynalite/validations');

// dynalite bills only the table's own write; AWS also bills what reaches a global index, but no write that leaves there what it was.
const { updateIndexes, checkConditional } = db;
const writeUnits = (item) => Math.max(1, Math.ceil(db.itemSize(item) / 1024));
db.updateIndexes = (request, table, before, after, done) => {
  const indexes = table.GlobalSecondaryIndexes ?? [];
  const { puts, deletes } = db.getIndexActions(indexes, before, after, table);
  const { puts: old } = db.getIndexActions(indexes, undefined, before, table);
  for (const { index, key, item } of puts) {
    const isThere = old.some((one) => one.index === index && one.key === key && isDeepStrictEqual(one.item, item));
    if (!isThere) request.indexUnits += writeUnits(item);
  }
  request.indexUnits += deletes.length * writeUnits(before ?? {});
  updateIndexes(request, table, before, after, done);
};

// dynalite does not know ReturnValuesOnConditionCheckFailure: every refusal gets the item, `answer` takes it out again.
db.checkConditional = (data, existing) => {
  const refusal = checkConditional(data, existing);
  if (refusal && existing) refusal.body.Item = existing;
  return refusal;
};

// Its parsers take most of an update's time, and most updates differ in their key and values only: their trees are kept as text,
// for applying one changes it. A parser takes the names and values that it meets out of its context, and puts values into the
// tree as they are: it gets marks instead, which are replaced each time. Where values decide, they are part of what is known.
const LARGEST_CACHE = 1_000;
const LOOKS_AT_VALUES = /between|attribute_type/i;
const MARK = /"\\u0001(:[^"]+)"/g;
const withMemory = (parser) => {
  const { parse } = parser;
  const known = new Map();
  parser.parse = (text, { context }) => {
    const { attrNames, attrVals, unusedAttrNames, unusedAttrVals, isKeyCondition } = context;
    const values = Object.entries(attrVals ?? {});
    const marks =
      attrVals && !LOOKS_AT_VALUES.test(text)
        ? Object.fromEntries(values.map(([name, value]) => [name, { [Object.keys(value)[0]]: `\u0001${name}` }]))
        : attrVals;
    const key = JSON.stringify([text, attrNames, marks, isKeyCondition]);
    if (!known.has(key)) {
      const before = [Object.keys(unusedAttrNames), Object.keys(unusedAttrVals)];
      const tree = JSON.stringify(parse(text, { context: { ...context, attrVals: marks } }));
      const [names, met] = [unusedAttrNames, unusedAttrVals].map((left, n) => before[n].filter((name) => !left[name]));
      if (known.size >= LARGEST_CACHE) known.clear();
      known.set(key, { tree, names, met });
    }
    const { tree, names, met } = known.get(key);
    for (const name of names) delete unusedAttrNames[name];
    for (const name of met) delete unusedAttrVals[name];
    return JSON.parse(tree.replace(MARK, (_, name) => JSON.stringify(Object.values(attrVals[name])[0])));
  };
};
withMemory(require('dynalite/db/conditionParser'));
withMemory(require('dynalite/db/updateParser'));

/**
 * Tables in memory, or in the folder `path`. What it gives takes an action's name and its input (which it may change), and calls
 * `answer(status, result, units)`: the result or the error as DynamoDB words them, and the capacity units that are billed.
 */
export const openTables = (path) => {
  const store = db.create({ createTableMs: 0, ...(path && { path }) });

  const call = (request, action, data, done) => {
    const name = action.charAt(0).toLowerCase() + action.slice(1);
    try {
      const { types, custom } = require(`dynalite/validations/${name}`);
      const checked = checkTypes(data, types);
      checkValidations(checked, types, custom, store);
      require(`dynalite/actions/${name}`)(request, checked, done);
    } catch (error) {
      done(error);
    }
  };

  return (action, data, answer) => {
    // Read before dynalite sees them: it deletes fields that it does not know.
    const { ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure, ConsistentRead } = data;
    if (action !== 'CreateTable') data.ReturnConsumedCapacity = 'TOTAL';
    const request = Object.assign(Object.create(store), { indexUnits: 0 });
    call(request, action, data, (error, result) => {
      if (!error) {
        const consumed = [result.ConsumedCapacity].flat().reduce((sum, one) => sum + (one?.CapacityUnits ?? 0), 0);
        if (!ReturnConsumedCapacity) delete result.ConsumedCapacity;
        // A read that finds nothing is billed like the smallest one.
        return answer(200, result, Math.max(consumed, ConsistentRead ? 1 : 0.5) + request.indexUnits);
      }
      if (!error.body) throw error;
      if (ReturnValuesOnConditionCheckFailure !== 'ALL_OLD') delete error.body.Item;
      // A failed condition is billed like the write; anything else that is refused is free.
      const refused = error.body.__type.endsWith('#ConditionalCheckFailedException');
      answer(error.statusCode, error.body, refused ? 1 : 0);
    });
  };
};
