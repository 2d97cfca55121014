import { ENTERED, LEFT } from '../../audience/live/membership-change.ts';
import type { ResolvedSegment } from '../../audience/segment.ts';
import { durationMs } from '../../event/duration.ts';
import type { Duration, EventPattern } from '../../event/trigger.ts';
import { hashOf } from '../plan-hash.ts';
import type { PlanVersion } from '../plan-version.ts';
import type { Renderer } from '../render.ts';
import { contentOf, type TemplateContent } from '../template.ts';
import { questionsOf } from './branch-condition.ts';
import { earlyNodes } from './early-nodes.ts';
import type { JourneyInput } from './journey-input.ts';
import { needsOfNodes } from './journey-needs.ts';
import type { JourneyNode, NodeId, NodeOf } from './journey-node.ts';
import {
  type JourneyVersion,
  OWN_MAX_LATENESS_MS,
  type PatternId,
  type VersionEntry,
  type VersionNode,
} from './journey-version.ts';
import { longestMs } from './longest.ts';

const DEFAULT_MAX_LATENESS_MS = 3_600_000;
/** A message of a journey that has not gone out a day after its time surprises more than it helps. */
const DEFAULT_DEADLINE: Duration = { hours: 24 };

export type JourneySource = {
  journeyId: string;
  input: JourneyInput;
  /** By id, each that the journey names. */
  templates: Readonly<Record<string, TemplateContent>>;
  /** The rule behind the audience of a journey that people enter on schedule. */
  audience?: ResolvedSegment;
};

/** What senders load for the messages of a node: a plan version like those of campaigns and triggers. */
export type JourneyPlan = Omit<PlanVersion, 'planKind'> & { planKind: 'journey'; node: NodeId };

/** `plans`: what is to be stored beside the version, one for each node that sends. */
export type CompiledJourney = { version: JourneyVersion; plans: JourneyPlan[] };

/** The id of a pattern: no conditions are the same as an empty list of them. */
export const patternIdOf = ({ eventType, where = [] }: EventPattern): PatternId =>
  hashOf({ eventType, where }).slice(0, 16);

export const enteredSegment = (segment: string): EventPattern => ofSegment(ENTERED, segment);
export const leftSegment = (segment: string): EventPattern => ofSegment(LEFT, segment);
const ofSegment = (eventType: string, segment: string): EventPattern => ({
  eventType,
  where: [{ property: 'segmentId', equals: segment }],
});

/** The frozen form of a journey that validation has let through: the same source is the same version. */
export const compileJourney = (source: JourneySource, render: Pick<Renderer, 'eventPropertiesOf'>): CompiledJourney => {
  const { journeyId, input } = source;
  const patterns: Record<PatternId, EventPattern> = {};
  const patternOf = (pattern: EventPattern): PatternId => {
    const id = patternIdOf(pattern);
    patterns[id] = pattern;
    return id;
  };
  const plans = plansOf(source);
  const { reentry, goals = [], exits = [], holdout } = input;
  const nodes = Object.fromEntries(
    Object.entries(input.nodes).map(([id, node]) => [id, compileNode(node, patternOf, plans[id]?.hash ?? '')]),
  );
  const compiledGoals = goals.map(({ name, event, within, exits: leaves }) => ({
    name,
    pattern: patternOf(event),
    ...(within && { withinMs: durationMs(within) }),
    exits: leaves ?? false,
  }));
  const compiledExits = exits.map((one) =>
    'event' in one
      ? { pattern: patternOf(one.event) }
      : { pattern: patternOf(leftSegment(one.leavesSegment)), leavesSegment: one.leavesSegment },
  );
  const awaited = earlyNodes(input).flatMap((id) => {
    const node = nodes[id];
    return node?.kind === 'wait-for-event' ? node.events.map(({ pattern }) => pattern) : [];
  });
  const content: Omit<JourneyVersion, 'hash'> = {
    journeyId,
    name: input.name,
    topic: input.topic,
    entry: compileEntry(source, patternOf),
    ...(reentry && {
      reentry: {
        ...(reentry.after && { afterMs: durationMs(reentry.after) }),
        ...(reentry.atMost !== undefined && { atMost: reentry.atMost }),
      },
    }),
    start: input.start,
    nodes,
    goals: compiledGoals,
    exits: compiledExits,
    ...(holdout && { holdoutPercent: holdout.percent }),
    hold: input.hold ?? 'pooled',
    longestMs: longestMs(input),
    patterns,
    early: [...new Set([...[...compiledGoals, ...compiledExits].map(({ pattern }) => pattern), ...awaited])].sort(),
    properties: propertiesOf(input, Object.values(plans), render),
    needs: needsOfNodes(input.nodes),
  };
  return { version: { ...content, hash: hashOf(content) }, plans: Object.values(plans) };
};

const compileEntry = (
  { input: { entry }, audience }: JourneySource,
  patternOf: (pattern: EventPattern) => PatternId,
): VersionEntry => {
  if ('event' in entry) {
    const { event, maxLatenessSeconds: seconds } = entry;
    return {
      by: 'event',
      pattern: patternOf(event),
      maxLatenessMs: seconds ? seconds * 1_000 : DEFAULT_MAX_LATENESS_MS,
    };
  }
  const maxLatenessMs = OWN_MAX_LATENESS_MS;
  if ('segment' in entry) {
    const { segment, includeMembers = false } = entry;
    return { by: 'segment', segment, pattern: patternOf(enteredSegment(segment)), includeMembers, maxLatenessMs };
  }
  if ('api' in entry) return { by: 'api', ...(entry.sources && { sources: entry.sources }), maxLatenessMs };
  if (!audience) throw new TypeError('The audience of a journey on schedule was not given');
  const { schedule, ifLate } = entry;
  return { by: 'schedule', schedule, ...(ifLate && { ifLate }), audience, maxLatenessMs };
};

const compileNode = (node: JourneyNode, patternOf: (pattern: EventPattern) => PatternId, plan: string): VersionNode => {
  switch (node.kind) {
    case 'message':
    case 'webhook':
      return { kind: node.kind, plan, next: node.next };
    case 'wait':
      return { kind: node.kind, ms: durationMs(node.for), next: node.next };
    case 'wait-for-event': {
      const events = node.events.map(({ event, next }) => ({ pattern: patternOf(event), next }));
      return { kind: node.kind, events, withinMs: durationMs(node.within), onTimeout: node.onTimeout };
    }
    default:
      return node;
  }
};

/** By node. */
const plansOf = ({ journeyId, input, templates }: JourneySource): Record<NodeId, JourneyPlan> => {
  const freeze = (node: NodeId, rest: Pick<JourneyPlan, 'topic' | 'lane' | 'channelPolicy' | 'template'>) => {
    const shared = {
      planKind: 'journey' as const,
      planId: journeyId,
      node,
      name: input.name,
      deadline: DEFAULT_DEADLINE,
    };
    const content: Omit<JourneyPlan, 'hash'> = { ...shared, ...rest };
    return { ...content, hash: hashOf(content) };
  };
  return Object.fromEntries(
    Object.entries(input.nodes).flatMap(([id, node]): [NodeId, JourneyPlan][] => {
      if (node.kind === 'webhook') return [[id, freeze(id, webhookPlan(input, node))]];
      const template = node.kind === 'message' ? templates[node.templateId] : undefined;
      return node.kind === 'message' && template ? [[id, freeze(id, messagePlan(input, node, template))]] : [];
    }),
  );
};

const messagePlan = ({ topic }: JourneyInput, node: NodeOf<'message'>, template: TemplateContent) => ({
  topic: node.topic ?? topic,
  lane: node.lane ?? ('promotional' as const),
  channelPolicy: node.channelPolicy,
  template: contentOf(template),
  ...(node.priority && { priority: node.priority }),
  ...(node.budget !== undefined && { budget: node.budget }),
  ...(node.deadline && { deadline: node.deadline }),
  ...(node.tracking && { tracking: node.tracking }),
});

const webhookPlan = (input: JourneyInput, node: NodeOf<'webhook'>) => ({
  topic: input.topic,
  lane: 'transactional' as const,
  channelPolicy: ['webhook' as const],
  template: webhookTemplate(node),
});

/** What a webhook node sends, as the template that it is. */
export const webhookTemplate = ({ endpointId, fields }: NodeOf<'webhook'>): TemplateContent => ({
  name: 'webhook',
  channels: { webhook: { endpointId, fields } },
});

/** What is kept of the entry event: what branches and messages read. */
const propertiesOf = (
  { nodes }: JourneyInput,
  plans: readonly JourneyPlan[],
  { eventPropertiesOf }: Pick<Renderer, 'eventPropertiesOf'>,
): JourneyVersion['properties'] => {
  const asked = Object.values(nodes)
    .flatMap((node) => (node.kind === 'branch' ? node.branches.flatMap(({ when }) => when.flatMap(questionsOf)) : []))
    .flatMap((one) => ('property' in one ? [one.property] : 'reference' in one ? [one.by] : []));
  const rendered = plans.map(({ template }) => eventPropertiesOf(template));
  if (rendered.includes('all')) return 'all';
  return [...new Set([...asked.map((path) => path.split('.')[0] ?? ''), ...rendered.flat()])].sort();
};
