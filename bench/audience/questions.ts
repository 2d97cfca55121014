import type { Sending } from '../../core/audience/known-consents-sql.ts';
import type { ResolvedSegment } from '../../core/audience/segment.ts';
import { NOW_MS } from './made-lake.ts';

/** A question about the base, as a segment and as somebody who knows DuckDB would write it by hand. */
export type Question = { name: string; segment: ResolvedSegment; handWritten: string };

export const SENDING: Sending = { topic: 'offers', lane: 'promotional' };

const DAY_MS = 86_400_000;
const sinceMs = (days: number) => NOW_MS - days * DAY_MS;
const firstDay = (days: number) => new Date(sinceMs(days + 2)).toISOString().slice(0, 10);

/** Whoever writes by hand must do it as well: newest versions, events once, anonymous ids looked up. */
const events = (types: readonly string[], days: number) => `links AS (
  SELECT 'anonymous:' || alias AS anonymous_id, arg_min(profile_id, at_ms) AS profile_id FROM identities GROUP BY alias),
once AS (
  SELECT coalesce(l.profile_id, e.profile_id) AS profile_id, type, time_ms, properties FROM (
    SELECT arg_min(profile_id, received_ms) AS profile_id, arg_min(type, received_ms) AS type,
      arg_min(time_ms, received_ms) AS time_ms, arg_min(properties, received_ms) AS properties
    FROM events WHERE type IN (${types.map((it) => `'${it}'`)}) AND dt >= '${firstDay(days)}' GROUP BY source, id
  ) AS e LEFT JOIN links AS l ON l.anonymous_id = e.profile_id),`;

const CHANNELS = {
  ...{ push: 'push_token', sms: 'phone', email: 'email', whatsapp: 'phone', wechat: 'wechat_open_id' },
  ...{ inapp: 'profile_id', webhook: 'profile_id' },
};
const said = (key: string) => `arg_max(given, at_ms) FILTER (WHERE consent = '${key}')`;
const known = Object.keys(CHANNELS).map(
  (it) => `coalesce(${said(`${it}/${SENDING.topic}`)}, ${said(it)}) AS ${it}_said`,
);
const reach = Object.entries(CHANNELS).flatMap(([channel, address]) => [
  `count(*) FILTER (WHERE member AND ${address} <> '' AND ${channel}_said)`,
  `count(*) FILTER (WHERE member AND ${address} <> '' AND NOT ${channel}_said)`,
  `count(*) FILTER (WHERE member AND ${address} <> '' AND ${channel}_said IS NULL)`,
  `count(*) FILTER (WHERE member AND ${address} = '')`,
]);
const reachable = Object.entries(CHANNELS).map(([channel, address]) => `${address} <> '' AND ${channel}_said`);

/** The whole preview: size, people altogether, reach by channel, and twenty of them. */
const preview = (member: string, facts = '') => `WITH people AS (
  SELECT profile_id, arg_max(attributes, version) AS attributes, arg_max(email, version) AS email,
    arg_max(phone, version) AS phone, arg_max(push_token, version) AS push_token,
    coalesce(arg_max(wechat_open_id, version), '') AS wechat_open_id
  FROM profiles GROUP BY profile_id),
known AS (SELECT profile_id, ${known} FROM consents GROUP BY profile_id),
${facts}
members AS (
  SELECT people.*, known.*, coalesce(${member}, false) AS member FROM people LEFT JOIN known USING (profile_id)
  ${facts === '' ? '' : 'LEFT JOIN facts USING (profile_id)'})
SELECT count(*) FILTER (WHERE member), count(*), ${reach},
  count(*) FILTER (WHERE member AND (${reachable.map((it) => `(${it})`).join(' OR ')})),
  array_to_string(min(md5(profile_id) || profile_id, 20) FILTER (WHERE member), ' ') FROM members`;

const attribute = (name: string) => `json_extract_string(attributes, '$.${name}')`;
const number = (name: string) => `CAST(${attribute(name)} AS DOUBLE)`;

export const QUESTIONS: Question[] = [
  {
    name: 'who they are',
    segment: {
      all: [
        { attribute: 'tier', equals: 'gold' },
        { attribute: 'age', atLeast: 30 },
        {
          any: [
            { attribute: 'city', in: ['Paris', 'Rome'] },
            { attribute: 'orders', moreThan: 35 },
          ],
        },
        { field: 'email', exists: true },
      ],
    },
    handWritten: preview(`${attribute('tier')} = 'gold' AND ${number('age')} >= 30
      AND (${attribute('city')} IN ('Paris', 'Rome') OR ${number('orders')} > 35) AND email <> ''`),
  },
  {
    name: 'what they bought',
    segment: {
      all: [
        { event: 'purchase', count: { atLeast: 2 }, within: { days: 60 } },
        { event: 'purchase', sum: { property: 'amount', is: { atLeast: 250 } }, within: { days: 60 } },
      ],
    },
    handWritten: preview(
      'n >= 2 AND total >= 250',
      `${events(['purchase'], 60)}
      facts AS (
        SELECT profile_id, count(*) AS n, sum(CAST(json_extract_string(properties, '$.amount') AS DOUBLE)) AS total FROM once
        WHERE time_ms >= ${sinceMs(60)} AND time_ms <= ${NOW_MS} GROUP BY profile_id),`,
    ),
  },
  {
    name: 'looked at, not bought, and who they are',
    segment: {
      all: [
        {
          event: 'product.viewed',
          where: [{ property: 'category', equals: 'shoes' }],
          count: { atLeast: 1 },
          within: { days: 30 },
        },
        { not: { event: 'purchase', count: { atLeast: 1 }, within: { days: 30 } } },
        { attribute: 'tier', notEquals: 'none' },
      ],
    },
    handWritten: preview(
      `viewed >= 1 AND bought = 0 AND ${attribute('tier')} <> 'none'`,
      `${events(['product.viewed', 'purchase'], 30)}
      facts AS (
        SELECT profile_id,
          count(*) FILTER (WHERE type = 'product.viewed' AND json_extract_string(properties, '$.category') = 'shoes') AS viewed,
          count(*) FILTER (WHERE type = 'purchase') AS bought
        FROM once WHERE time_ms >= ${sinceMs(30)} AND time_ms <= ${NOW_MS} GROUP BY profile_id),`,
    ),
  },
];
