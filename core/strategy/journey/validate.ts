import { ENTERED, PROFILE_CHANGED } from '../../audience/live/membership-change.ts';
import type { Renderer } from '../render.ts';
import type { Defect, JourneyReferences } from './defect.ts';
import { graphDefects } from './graph-defects.ts';
import type { JourneyInput } from './journey-input.ts';
import { peopleNamed, questionsIn } from './journey-names.ts';
import { nodeDefects } from './node-defects.ts';

/**
 * Everything that keeps a journey of the right form from being published, each with its path. Pure: what it names comes with
 * `references`, which `namedIn` tells to read.
 */
export const journeyDefects = (
  input: JourneyInput,
  references: JourneyReferences,
  render: Pick<Renderer, 'needsOf' | 'errorsIn'>,
): Defect[] => [
  ...graphDefects(input),
  ...Object.entries(input.nodes).flatMap(([id, node]) => nodeDefects({ input, references, render }, id, node)),
  ...namedDefects(input, references),
  ...reentryDefects(input, references),
];

const namedDefects = (
  input: JourneyInput,
  { segments, lists, sources, tables, hasAudience, hasTimes }: JourneyReferences,
): Defect[] => {
  const people = peopleNamed(input).flatMap((one): Defect[] => {
    const { path } = one;
    if ('list' in one) {
      return lists.has(one.list) ? [] : [{ path, code: 'no-list', message: `There is no list ${one.list}` }];
    }
    const segment = segments[one.segment];
    if (!segment) return [{ path, code: 'no-segment', message: `There is no segment ${one.segment}` }];
    const message = `The segment ${one.segment} is not live: who is in it is not known at the moment`;
    return segment.isLive ? [] : [{ path, code: 'segment-not-live', message }];
  });
  const columns = questionsIn(input).flatMap(({ path, asked }): Defect[] => {
    if (!('reference' in asked)) return [];
    const { reference, column } = asked;
    const table = tables[reference];
    const message = table
      ? `The reference table ${reference} has no column ${column}`
      : `There is no reference table ${reference}`;
    return table && Object.hasOwn(table.columns, column) ? [] : [{ path, code: 'no-reference-table', message }];
  });
  const audience: Defect[] =
    'audience' in input.entry && !hasAudience
      ? [
          {
            path: 'entry.audience',
            code: 'no-audience',
            message: `There is no such ${Object.keys(input.entry.audience)[0]?.replace('Id', '')}`,
          },
        ]
      : [];
  const times: Defect[] =
    'schedule' in input.entry && !hasTimes
      ? [{ path: 'entry.schedule', code: 'no-time', message: 'All of its times have passed' }]
      : [];
  const apps = ('api' in input.entry ? (input.entry.sources ?? []) : []).flatMap((id, n): Defect[] =>
    sources.has(id)
      ? []
      : [{ path: `entry.sources.${n}`, code: 'no-source', message: `There is no source ${id}, or it is revoked` }],
  );
  return [...people, ...columns, ...audience, ...times, ...apps];
};

const reentryDefects = (input: JourneyInput, references: JourneyReferences): Defect[] => {
  const { reentry } = input;
  if (!reentry) return [];
  if (reentry.after === undefined && reentry.atMost === undefined) {
    const message = 'Say how long after an entry somebody may enter again (after), or how often at most (atMost)';
    return [{ path: 'reentry', code: 'unbounded-reentry', message }];
  }
  if (reentry.atMost !== undefined) return [];
  const cause = ownCause(input, references);
  if (!cause) return [];
  const message = `It may start itself again and again: ${cause}. Say how often at most (reentry.atMost)`;
  return [{ path: 'reentry', code: 'starts-itself', message }];
};

/** How what the journey does may make the same person enter it again; undefined: it does not. */
const ownCause = ({ entry, nodes }: JourneyInput, { segments }: JourneyReferences): string | undefined => {
  const updates = Object.entries(nodes).flatMap(([id, node]) =>
    node.kind === 'update' ? Object.keys(node.set).map((attribute) => ({ id, attribute })) : [],
  );
  const [update] = updates;
  const ofSegment = 'segment' in entry ? entry.segment : enteredSegmentOf(entry);
  if (ofSegment !== undefined) {
    const asked = segments[ofSegment]?.attributes ?? [];
    const own = updates.find(({ attribute }) => asked.includes(attribute));
    return own && `“${own.id}” sets ${own.attribute}, by which people enter the segment ${ofSegment}`;
  }
  if (!('event' in entry)) return undefined;
  const { eventType } = entry.event;
  if (eventType === PROFILE_CHANGED && update) return `“${update.id}” changes the profile, and that starts it`;
  const message = Object.entries(nodes).find(([, { kind }]) => kind === 'message' || kind === 'webhook');
  return eventType.startsWith('herald.message.') && message
    ? `“${message[0]}” sends a message, and what becomes of messages starts it`
    : undefined;
};

const enteredSegmentOf = (entry: JourneyInput['entry']): string | undefined => {
  if (!('event' in entry) || entry.event.eventType !== ENTERED) return undefined;
  const named = entry.event.where?.find((one) => 'property' in one && one.property === 'segmentId' && 'equals' in one);
  return named && 'equals' in named ? String(named.equals) : undefined;
};
