import type { Facts } from '../../event/evaluate.ts';
import { armAt, bucketOf } from '../assignment.ts';
import { branchHolds, type Memberships, questionsOf } from './branch-condition.ts';
import { bucketText, percentText, seenText } from './journey-text.ts';
import type { VersionNodeOf } from './journey-version.ts';
import type { JourneyFacts, Participant } from './participant.ts';
import type { Place, Turn } from './turn.ts';

const NOBODY: ReadonlySet<string> = new Set();

/** What conditions see: `property` reads the entry event, relative dates are relative to the participant's own time. */
const factsAt = ({ event, clockMs }: Participant, { profile, contact, references }: JourneyFacts): Facts => ({
  event: { type: event?.type ?? '', properties: event?.properties ?? {}, timeMs: clockMs },
  ...(profile && { profile }),
  ...(contact && { contact }),
  ...(references && { references }),
});

export const branchTurn = ({ node, participant, facts }: Place<VersionNodeOf<'branch'>>): Turn => {
  const seen = factsAt(participant, facts);
  const memberships: Memberships = { segments: facts.segments ?? NOBODY, lists: facts.lists ?? NOBODY };
  const taken = node.branches.find(({ when }) => when.every((one) => branchHolds(one, seen, memberships)));
  const asked = (taken ? [taken] : node.branches).flatMap(({ when }) => when.flatMap(questionsOf));
  return {
    kind: 'goes',
    to: taken?.next ?? node.otherwise,
    way: taken?.name ?? 'otherwise',
    why: seenText(asked, seen, memberships),
  };
};

/** Salt of a node's split: it stays the same over versions, so that nobody changes sides by an edit. */
const saltOf = ({ version, id }: Pick<Place, 'version' | 'id'>): string => `journey/${version.journeyId}/${id}`;

/** How the reason of a step begins that is not the first at its node: whoever counts goes by these words (core/measurement/experiment-sql.ts). */
export const HAD_BEFORE = 'Had ';
const HAD_ANOTHER_ARM = `${HAD_BEFORE}another arm before; `;
/** How it ends of those who cannot reach the goal of the experiment any more: they have, or their time for it is over. */
export const HAD_NOTHING_LEFT = '; had nothing left to reach';

const hasNothingLeft = ({ participant, version }: Pick<Place, 'participant' | 'version'>, goal: string): boolean => {
  const withinMs = version.goals.find(({ name }) => name === goal)?.withinMs;
  const isOver = withinMs !== undefined && participant.enteredMs + withinMs < participant.clockMs;
  return isOver || Object.hasOwn(participant.goals, goal);
};

/** By a person's own bucket, once and for good: an arm that was taken is taken again as long as there is one of its name. */
export const armTurn = (place: Place<VersionNodeOf<'split'> | VersionNodeOf<'experiment'>>): Turn => {
  const { id, node, participant, profileId, facts } = place;
  const kept = node.arms.find(({ name }) => Object.hasOwn(participant.arms, id) && name === participant.arms[id]);
  if (kept) return { kind: 'goes', to: kept.next, way: kept.name, why: `${HAD_BEFORE}this arm before` };
  const shares = facts.shares?.[id];
  const percents = node.arms.map(({ percent }, n) => shares?.percents[n] ?? percent);
  const bucket = bucketOf(saltOf(place), profileId);
  const arm = node.arms[armAt(percents, bucket)] ?? node.arms.at(-1);
  if (!arm) return { kind: 'ends', reason: 'node-gone', why: 'A split without arms' };
  const had = Object.hasOwn(participant.arms, id) ? HAD_ANOTHER_ARM : '';
  const nothing = node.kind === 'experiment' && hasNothingLeft(place, node.goal) ? HAD_NOTHING_LEFT : '';
  const by = `${bucketText(bucket)} by chance; arms of ${percents.map(percentText).join(', ')}${shares ? `: ${shares.why}` : ''}`;
  const why = `${had}${by}${nothing}`;
  return { kind: 'goes', to: arm.next, way: arm.name, why, arm: arm.name };
};

export const holdoutTurn = (place: Place<VersionNodeOf<'holdout'>>): Turn => {
  const { percent, next } = place.node;
  const bucket = bucketOf(saltOf(place), place.profileId);
  const why = `${bucketText(bucket)} by chance; ${percentText(percent)} are held out`;
  if (armAt([percent], bucket) === 0) return { kind: 'ends', reason: 'held-out', detail: place.id, why };
  return { kind: 'goes', to: next, way: 'next', why };
};

/** Who gets nothing of a journey at all: of every plan, or of this one. Undefined: may enter. */
export const heldOutAtEntry = (
  journeyId: string,
  holdoutPercent: number | undefined,
  profileId: string,
  { globalHoldout }: JourneyFacts,
): { of: 'all plans' | 'this journey'; why: string } | undefined => {
  const judged = (of: 'all plans' | 'this journey', percent: number, salt: string) => {
    const bucket = bucketOf(salt, profileId);
    if (armAt([percent], bucket) !== 0) return undefined;
    return { of, why: `${bucketText(bucket)} by chance; ${percentText(percent)} are held out of ${of}` };
  };
  return (
    (globalHoldout && judged('all plans', globalHoldout.percent, globalHoldout.salt)) ??
    (holdoutPercent === undefined ? undefined : judged('this journey', holdoutPercent, `journey/${journeyId}`))
  );
};
