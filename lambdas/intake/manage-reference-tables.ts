import { routes } from '../../core/access/routes/reference-tables.ts';
import { referenceTableId } from '../../core/event/condition.ts';
import { changedTable, judgeRow, type ReferenceTable, type Row } from '../../core/event/reference-table.ts';
import { putAudit } from '../adapters/audit.ts';
import { definitions } from '../adapters/definitions.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import { references } from '../adapters/references.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './manage-reference-tables.env.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const rows = references(DEFINITIONS_TABLE);
const sinks = { auditTable: AUDIT_TABLE };

/**
 * Reference tables and their rows. Running a call twice is safe: a change of a table names the version that it changes,
 * and writing the same rows again leaves the same rows.
 */
export const handler = apiHandler('intake/manage-reference-tables', routes, {
  putReferenceTable: async ({ params: { tableId }, body: { version, ...input }, actor, nowMs }) => {
    if (!referenceTableId.safeParse(tableId).success) {
      const message = 'A lower-case letter, then up to 39 lower-case letters, digits and -';
      throw new Problem('invalid-body', `tableId: ${message}`, { errors: [{ path: 'tableId', message }] });
    }
    const stored = await defs.get<ReferenceTable>('reference-table', tableId);
    if ((stored?.version ?? 0) !== version) {
      throw new Problem('version-conflict', `The table is at version ${stored?.version ?? 0}, not ${version}`);
    }
    const decision = changedTable(tableId, stored?.body, input, actor, nowMs);
    if (decision.kind === 'refuse') throw new Problem(decision.problem, decision.detail);
    return { body: await save(decision.table, actor, nowMs) };
  },

  listReferenceTables: async ({ query: { limit, cursor } }) => {
    const page = await defs.list<ReferenceTable>('reference-table', limit, cursor, 'a-z');
    return { body: { ...page, items: page.items.map(({ body }) => body) } };
  },

  getReferenceTable: async ({ params: { tableId } }) => ({ body: await load(tableId) }),

  writeReferenceRows: async ({ params: { tableId }, body, actor, nowMs }) => {
    const table = await load(tableId);
    const judged = body.rows.map((input) => judgeRow(table, input));
    // The last of a call wins, so only that one is written.
    const last = new Map(judged.flatMap((row): [string, Row][] => ('refusal' in row ? [] : [[row.key, row]])));
    if (last.size > 0) await auditRows(table, [...last.values()], actor, nowMs);
    await rows.putMany(tableId, [...last.values()]);
    const results = judged.map((row, index) => {
      const key = body.rows[index]?.key.slice(0, 256).toWellFormed();
      return 'refusal' in row ? { index, key, status: 'refused', ...row.refusal } : { index, key, status: 'accepted' };
    });
    const refused = judged.filter((row) => 'refusal' in row).length;
    return { body: { accepted: judged.length - refused, refused, results } };
  },

  getReferenceRow: async ({ params: { tableId, key } }) => {
    await load(tableId);
    const values = key.length <= 256 ? await rows.get(tableId, key) : undefined;
    if (!values) throw new Problem('not-found', `The table ${tableId} has no such row`);
    return { body: { key, values } };
  },
});

const load = async (id: string): Promise<ReferenceTable> => {
  const stored = await defs.get<ReferenceTable>('reference-table', id);
  if (!stored) throw new Problem('not-found', `There is no reference table ${id}`);
  return stored.body;
};

/** One entry per call, before anything is written: a call that breaks off half way has its entry too. */
const auditRows = async ({ id, version }: ReferenceTable, changed: Row[], actor: string, atMs: number) => {
  const removed = changed.filter(({ values }) => values === undefined).length;
  const detail = `${changed.length - removed} rows written, ${removed} removed`;
  await putAudit(AUDIT_TABLE, { subject: `reference-table/${id}`, action: 'write-rows', actor, atMs, version, detail });
};

const save = async (table: ReferenceTable, actor: string, nowMs: number): Promise<ReferenceTable> => {
  const { id, version, name } = table;
  const action = version === 1 ? 'create' : 'update';
  const entry = { subject: `reference-table/${id}`, action, actor, atMs: nowMs, version, detail: name };
  const outbox = [{ effect: 'audit' as const, entry }];
  return (await saveDefinition(defs, 'reference-table', id, table, version - 1, nowMs, outbox, sinks)).body;
};
