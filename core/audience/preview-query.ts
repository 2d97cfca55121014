import { CHANNELS, type Channel } from '../delivery/channel.ts';
import { knownConsentsSql, type Sending } from './known-consents-sql.ts';
import type { ResolvedSegment } from './segment.ts';
import { segmentSql } from './segment-sql.ts';

/** Whom a preview is about. `operands`: the parts of a set expression, whose overlap is counted, too. */
export type PreviewQuestion = { tree: ResolvedSegment; operands: readonly ResolvedSegment[]; sending: Sending };

/** Members by what can be sent to them on one channel; the four together are all members. */
export type ChannelReach = {
  /** They have an address and agreed, or, to transactional messages, did not refuse. */
  reachable: number;
  /** They have an address and said no. */
  optedOut: number;
  /** They have an address and never said anything, which is not enough for a promotional message. */
  notAsked: number;
  noAddress: number;
};

export type PreviewFigures = {
  size: number;
  /** People altogether. */
  of: number;
  reach: Record<Channel, ChannelReach>;
  /** Members who can be reached on at least one channel. */
  reachable: number;
  /** Row and column n belong to operand n: how many people are in both, on the diagonal how many are in one. */
  overlap: number[][];
  /** Ids of some members, the same as long as the members are. */
  sample: string[];
};

export const SAMPLE_SIZE = 20;

const ADDRESS: Record<Channel, string> = { push: 'm.push_token', sms: 'm.phone', email: 'm.email' };

/**
 * One query over the members, read once: a row with the columns that previewFigures reads. What the lake knows of consents
 * is about a minute behind, and suppressions are not in it: the gate has the last word.
 */
export const previewQuery = ({ tree, operands, sending }: PreviewQuestion, nowMs: number): string => {
  const columns = [
    `${countOf('m.member')} AS size`,
    'count(*) AS total',
    ...CHANNELS.flatMap((channel) => reachColumns(channel, sending)),
    `${countOf(`m.member AND (${CHANNELS.map((channel) => reachable(channel, sending)).join(' OR ')})`)} AS reachable`,
    ...pairs(operands.length).map(([a, b]) => `${countOf(`m.o${a} AND m.o${b}`)} AS o${a}_${b}`),
    `array_join(min(${MIXED} || m.profile_id, ${SAMPLE_SIZE}) FILTER (WHERE m.member), '\n') AS sample`,
  ];
  return `${segmentSql(tree, nowMs, operands).withMembers},
${knownConsentsSql(sending)}
SELECT ${columns.join(',\n  ')}
FROM members AS m LEFT JOIN known AS k ON k.profile_id = m.profile_id`;
};

const countOf = (condition: string): string => `count(*) FILTER (WHERE ${condition})`;
/** An order that has nothing to do with who people are: 32 hexadecimal digits. */
const MIXED = 'to_hex(md5(to_utf8(m.profile_id)))';

const hasAddress = (channel: Channel): string => `coalesce(${ADDRESS[channel]} <> '', false)`;
const reachable = (channel: Channel, { lane }: Sending): string =>
  `(${hasAddress(channel)} AND coalesce(k.${channel}, ${lane === 'transactional'}))`;

const reachColumns = (channel: Channel, sending: Sending): string[] => {
  const has = hasAddress(channel);
  return [
    `${countOf(`m.member AND ${reachable(channel, sending)}`)} AS ${channel}_reachable`,
    `${countOf(`m.member AND ${has} AND NOT coalesce(k.${channel}, true)`)} AS ${channel}_refused`,
    `${countOf(`m.member AND ${has} AND k.${channel} IS NULL`)} AS ${channel}_unasked`,
    `${countOf(`m.member AND NOT ${has}`)} AS ${channel}_nowhere`,
  ];
};

/** [0,0] [0,1] … [1,1] …: the half of a matrix from the diagonal on. */
const pairs = (count: number): [number, number][] =>
  Array.from({ length: count }, (_, a) =>
    Array.from({ length: count - a }, (_, n): [number, number] => [a, a + n]),
  ).flat();

/** Reads the row. `lane` as asked: who was never asked is reachable for transactional messages, and not counted twice. */
export const previewFigures = (
  row: Record<string, string | null>,
  operands: number,
  { lane }: Pick<Sending, 'lane'>,
): PreviewFigures => {
  const number = (name: string): number => Number(row[name] ?? 0);
  const reachOf = (channel: Channel): ChannelReach => ({
    reachable: number(`${channel}_reachable`),
    optedOut: number(`${channel}_refused`),
    notAsked: lane === 'transactional' ? 0 : number(`${channel}_unasked`),
    noAddress: number(`${channel}_nowhere`),
  });
  return {
    size: number('size'),
    of: number('total'),
    reach: Object.fromEntries(CHANNELS.map((channel) => [channel, reachOf(channel)])) as PreviewFigures['reach'],
    reachable: number('reachable'),
    overlap: Array.from({ length: operands }, (_, a) =>
      Array.from({ length: operands }, (_, b) => number(`o${Math.min(a, b)}_${Math.max(a, b)}`)),
    ),
    sample: idsIn(row.sample ?? ''),
  };
};

/** Each id comes after 32 digits that mix them; an id may itself hold line feeds. */
const idsIn = (text: string): string[] => {
  const ids: string[] = [];
  for (const line of text === '' ? [] : text.split('\n')) {
    if (/^[0-9A-F]{32}/.test(line) || ids.length === 0) ids.push(line.slice(32));
    else ids[ids.length - 1] += `\n${line}`;
  }
  return ids;
};
