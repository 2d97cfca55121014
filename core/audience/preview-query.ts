import { type Addresses, CHANNELS, type Channel, fieldOf } from '../delivery/channel.ts';
import { CHANNEL_COLUMNS, knownConsentsSql, type Sending } from './known-consents-sql.ts';
import type { ResolvedSegment } from './segment.ts';
import { segmentSql } from './segment-sql.ts';
import { joined, numbered, type Sql, sql } from './sql.ts';
import { integerLiteral, scalarLiteral } from './sql-literal.ts';

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

const ADDRESS_COLUMNS: Record<keyof Addresses, Sql> = {
  profileId: sql`m.profile_id`,
  pushToken: sql`m.push_token`,
  wechatOpenId: sql`m.wechat_open_id`,
  phone: sql`m.phone`,
  email: sql`m.email`,
};

/**
 * One query over the members, read once: a row with the columns that previewFigures reads. What the lake knows of consents
 * is about a minute behind, and suppressions are not in it: the gate has the last word.
 */
export const previewQuery = (
  { tree, operands, sending }: PreviewQuestion,
  nowMs: number,
  sampleSize = SAMPLE_SIZE,
): Sql => {
  const anywhere = joined(
    CHANNELS.map((channel) => reachable(channel, sending)),
    ' OR ',
  );
  const columns = [
    sql`${countOf(sql`m.member`)} AS size`,
    sql`count(*) AS total`,
    ...CHANNELS.flatMap((channel) => reachColumns(channel, sending)),
    sql`${countOf(sql`m.member AND (${anywhere})`)} AS reachable`,
    ...pairs(operands.length).map(([a, b]) => {
      const [one, other] = [numbered(sql`o`, a), numbered(sql`o`, b)];
      return sql`${countOf(sql`m.${one} AND m.${other}`)} AS ${numbered(sql`${one}_`, b)}`;
    }),
    sql`array_join(min(${MIXED} || m.profile_id, ${integerLiteral(sampleSize)}) FILTER (WHERE m.member), '\n') AS sample`,
  ];
  return sql`${segmentSql(tree, nowMs, operands).withMembers},
${knownConsentsSql(sending)}
SELECT ${joined(columns, ',\n  ')}
FROM members AS m LEFT JOIN known AS k ON k.profile_id = m.profile_id`;
};

const countOf = (condition: Sql): Sql => sql`count(*) FILTER (WHERE ${condition})`;
/** An order that has nothing to do with who people are: 32 hexadecimal digits. */
const MIXED = sql`to_hex(md5(to_utf8(m.profile_id)))`;

const hasAddress = (channel: Channel): Sql => sql`coalesce(${ADDRESS_COLUMNS[fieldOf(channel)]} <> '', false)`;
const knownOf = (channel: Channel): Sql => sql`k.${CHANNEL_COLUMNS[channel]}`;
const reachable = (channel: Channel, { lane }: Sending): Sql =>
  sql`(${hasAddress(channel)} AND coalesce(${knownOf(channel)}, ${scalarLiteral(lane === 'transactional')}))`;

const reachColumns = (channel: Channel, sending: Sending): Sql[] => {
  const has = hasAddress(channel);
  const [known, name] = [knownOf(channel), CHANNEL_COLUMNS[channel]];
  return [
    sql`${countOf(sql`m.member AND ${reachable(channel, sending)}`)} AS ${name}_reachable`,
    sql`${countOf(sql`m.member AND ${has} AND NOT coalesce(${known}, true)`)} AS ${name}_refused`,
    sql`${countOf(sql`m.member AND ${has} AND ${known} IS NULL`)} AS ${name}_unasked`,
    sql`${countOf(sql`m.member AND NOT ${has}`)} AS ${name}_nowhere`,
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
