import {
  type PreviewFigures,
  type PreviewQuestion,
  previewFigures,
  previewQuery,
} from '../../core/audience/preview-query.ts';
import { segmentText } from '../../core/audience/segment-text.ts';
import { hashOf } from '../../core/strategy/plan-hash.ts';
import { NoSuchQuery, type Queries } from '../adapters/athena.ts';
import { isMissing, readObject, writeObject } from '../adapters/objects.ts';
import { Problem } from '../middleware/problem.ts';
import { failure } from './query-failure.ts';

/** A question that was asked, and its answer once somebody has read it. An object of the work bucket by the question's hash. */
export type Preview = {
  id: string;
  queryId: string;
  /** The instant that it is evaluated for. */
  askedMs: number;
  /** What was asked, in English. */
  text: string;
  operands: number;
  lane: PreviewQuestion['sending']['lane'];
  answer?: { figures: PreviewFigures; scannedBytes: number };
};

/** Athena takes a query of so many bytes. */
const MAX_QUERY_BYTES = 262_144;

/**
 * Previews by the hash of their question, so that the same question within a while is answered by the same query. Two who
 * ask at once may both start one; either answer is right, and the object keeps the later.
 */
export const previews = ({ lake, bucket, cutoffBytes }: { lake: Queries; bucket: string; cutoffBytes: number }) => {
  const keyOf = (id: string): string => `previews/${id}.json`;

  const read = async (id: string): Promise<Preview | undefined> => {
    const response = await readObject(bucket, keyOf(id)).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    return response && ((await response.json()) as Preview);
  };
  const write = (preview: Preview) => writeObject(bucket, keyOf(preview.id), JSON.stringify(preview));

  const start = async (id: string, question: PreviewQuestion, nowMs: number): Promise<Preview> => {
    const sql = previewQuery(question, nowMs);
    const bytes = Buffer.byteLength(sql);
    if (bytes > MAX_QUERY_BYTES) {
      throw new Problem('invalid-segment', `As a query it has ${bytes} bytes; Athena takes ${MAX_QUERY_BYTES}`);
    }
    const { operands, sending } = question;
    const preview = {
      id,
      queryId: await lake.start(sql),
      askedMs: nowMs,
      text: segmentText(question.tree),
      operands: operands.length,
      lane: sending.lane,
    };
    await write(preview);
    return preview;
  };

  /** The answer, or undefined while the query runs, waiting up to `waitMs`. Throws what is wrong with the query. */
  const settle = async (preview: Preview, waitMs: number): Promise<Preview | undefined> => {
    if (preview.answer) return preview;
    const query = await lake.settled(preview.queryId, waitMs);
    if (query.state === 'running') return undefined;
    if (query.state === 'failed') throw failure(query, cutoffBytes);
    const [row = {}] = await lake.rows(preview.queryId);
    const figures = previewFigures(row, preview.operands, preview);
    const done = { ...preview, answer: { figures, scannedBytes: query.scannedBytes } };
    await write(done);
    return done;
  };

  return {
    /** Asks, or takes the answer to the same question that is at most `maxAgeMs` old and did not fail. */
    async ask(question: PreviewQuestion, nowMs: number, maxAgeMs: number, waitMs: number) {
      const id = hashOf(question);
      const untilMs = performance.now() + waitMs;
      const known = await read(id);
      if (known && known.askedMs > nowMs - maxAgeMs) {
        const settled = await settle(known, waitMs).catch((error: unknown) => {
          if (error instanceof Problem || error instanceof NoSuchQuery) return 'failed' as const;
          throw error;
        });
        if (settled !== 'failed') return { id, settled, reused: true };
      }
      const started = await start(id, question, nowMs);
      return { id, settled: await settle(started, untilMs - performance.now()), reused: false };
    },

    /** Goes on waiting. Throws `not-found`. */
    async await(id: string, waitMs: number) {
      const known = /^[0-9a-f]{32}$/.test(id) ? await read(id) : undefined;
      if (!known) throw new Problem('not-found', `There is no preview ${id}`);
      return { id, settled: await settle(known, waitMs), reused: true };
    },
  };
};
