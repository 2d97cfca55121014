import { needsLook } from '../../core/delivery/caps.ts';
import type { ContactState } from '../../core/delivery/contact-state.ts';
import { type GateInput, gate } from '../../core/delivery/gate.ts';
import type { Settled } from '../../core/delivery/ledger.ts';
import { isByMessage, type SendMessage, type SnapshotRow } from '../../core/delivery/messages.ts';
import type { SkipReason } from '../../core/delivery/outcome.ts';
import type { Step } from '../../core/delivery/plan-batch.ts';
import { channelOf, type PolicyStep } from '../../core/delivery/policy.ts';
import { encodeRef, heardUnit, messageName } from '../../core/delivery/receipt-ref.ts';
import { looksFirst, NO_REFUSALS, noteRefusals } from '../../core/delivery/refusals.ts';
import { screen } from '../../core/delivery/screen.ts';
import type { Outgoing } from '../../core/delivery/sender.ts';
import { addressTag } from '../../core/delivery/suppression.ts';
import { contentCode, hasTouch, reserveTouch, withoutStaleTouch } from '../../core/delivery/touch.ts';
import { waitsFor } from '../../core/delivery/waiting.ts';
import { isHeldOut } from '../../core/strategy/holdout.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { RetryLater } from '../middleware/retry-later.ts';
import { hearWaiting } from './hear-waiting.ts';
import type { Ports } from './ports.ts';
import { release } from './release-touch.ts';

/** Contact items written at once: enough to hide latency, few enough for one connection pool. */
const PARALLEL_RESERVATIONS = 25;
/** Two workers seldom want the same person; many times in a row means that something is wrong. */
const MAX_CONFLICTS = 10;

/**
 * `due`: of those settled, who comes again, and when. `lacking`: somebody needs a touch that was not to be written, and is in
 * neither.
 */
export type Prepared = {
  settled: Map<number, Settled>;
  due: Map<number, number>;
  ready: Outgoing[];
  lacking: boolean;
};

/**
 * Decides on the recipients `open` of a batch, whether each gets the message on this channel now: `ready` has passed the
 * gate, is rendered, and its touch is reserved; `settled` says why not for the others. Who needs no contact to be decided on
 * (`screen`) costs nothing. A promotional message to somebody who cannot have its touch yet costs one conditional write and no
 * read; with all others, where a cap on the channel or topic counts, and where many are refused, the contact is read first
 * (decisions 0002 and 0020). Without `mayReserve` nothing is written.
 */
export const prepareRecipients = async (
  ports: Ports,
  message: SendMessage,
  step: Step,
  plan: PlanVersion,
  rows: readonly (SnapshotRow | undefined)[],
  open: readonly number[],
  { mayReserve }: { mayReserve: boolean },
): Promise<Prepared> => {
  const { work, takenOver, policy } = step;
  const nowMs = ports.now();
  // Who was sent to is not touched by what stops the plan.
  const { settled, due } = await hearWaiting(ports, step, open);
  const left = open.filter((index) => !settled.has(index));
  const { deadlineMs = Number.POSITIVE_INFINITY } = message;
  const stop =
    (await ports.stopOf(message.plan)) ??
    (nowMs > deadlineMs ? 'too-late' : undefined) ??
    ((await isLeftOut(ports, message, plan)) ? 'holdout' : undefined);
  if (stop) {
    for (const index of left) settled.set(index, stop);
    return { settled, due, ready: [], lacking: false };
  }

  const { channel } = ports.sender;
  const { topic, lane, priority = 'normal' } = plan;
  const settings = await ports.settings();
  const addressed = left.flatMap((index) => {
    const row = rows[index];
    const { taken } = work.earlierOf(index);
    const { batch } = work;
    const asked = {
      row,
      channel,
      lane,
      policy,
      budget: plan.budget,
      step: work.step,
      taken,
      settings,
      nowMs,
      deadlineMs,
      batch,
    };
    const screened = screen(asked);
    if (row && 'address' in screened) return { index, row, address: screened.address };
    if ('reason' in screened) settled.set(index, screened.reason);
    if ('reason' in screened && screened.untilMs !== undefined) due.set(index, screened.untilMs);
    return [];
  });
  if (addressed.length === 0) return { settled, due, ready: [], lacking: false };

  const past = ports.refusals.get(plan.planId) ?? NO_REFUSALS;
  const readAll = lane === 'transactional' || takenOver || looksFirst(past) || needsLook(settings, { channel, topic });
  const isTouched = ({ index }: { index: number }) => work.earlierOf(index).touched === true;
  const isDoubtful = (one: { index: number; row: SnapshotRow }) => one.row.lookFirst === true || isTouched(one);
  const toRead = addressed.filter((one) => readAll || isDoubtful(one));
  // Who has a touch already, or needs none, is decided on by this read alone: it must not miss a withdrawn consent.
  const strongly = lane === 'transactional' || takenOver || toRead.some(isTouched);
  const profileIds = toRead.map(({ row }) => row.profileId);
  const source = message.kind === 'direct' ? message.event.source : undefined;
  const everybody = addressed.map(({ row }) => variablesOf(message, row));
  const [known, renderer, linksOf, catalogue] = await Promise.all([
    ports.contacts.getMany(profileIds, strongly),
    ports.renderer(),
    ports.linksOf(plan, source),
    ports.catalogueOf(plan.template, everybody),
  ]);
  const { planKind, planId, node } = plan;
  const quiet = isByMessage(message) && { quiet: true as const };
  const unit = heardUnit(work.unit);
  const refOf = (index: number, profileId: string, to: string): string => {
    const [message, address] = [messageName(work, profileId), addressTag(to)];
    const about = {
      planKind,
      planId,
      ...(node && { node }),
      ...quiet,
      run: work.run,
      message,
      unit,
      index,
      channel,
      address,
      profileId,
    };
    return encodeRef({ ...about, waits: planKind === 'test' || waitsFor(step, index) !== undefined });
  };
  const ready: Outgoing[] = [];
  let refused = 0;
  let lacking = false;
  await inParallel(PARALLEL_RESERVATIONS, addressed, async (one) => {
    const { index, row, address } = one;
    const { profileId, timeZone } = row;
    // Whom a channel took the message of, to them it is the same message that comes again by another one.
    const { taken } = work.earlierOf(index);
    const asSeen = (one: ContactState) => (taken ? one : withoutStaleTouch(one, work.touchKey, nowMs));
    const asked = {
      profileId,
      channel,
      address,
      topic,
      lane,
      priority,
      settings,
      nowMs,
      timeZone,
      messageKey: work.touchKey,
      takenOn: taken?.map((at) => channelOf(policy[at] as PolicyStep)),
    };
    const refuse = (reason: Settled) => {
      if (!isDoubtful(one)) refused += 1;
      settled.set(index, reason);
    };
    const read = known.get(profileId);
    let contact = read && asSeen(read);
    const first = contact && gate({ ...asked, contact });
    if (first && first.decision !== 'send') return refuse(first.reason);
    if (!mayReserve && (!first || first.reserve)) {
      lacking = true;
      return;
    }
    // Rendered before the touch is written: who cannot be rendered for needs none.
    const ref = refOf(index, profileId, address);
    const links = linksOf?.({ profileId, ref });
    const variables = {
      ...variablesOf(message, row),
      ...(links && { links: links.variables }),
      ...(catalogue && { catalogue }),
    };
    const rendered = renderer.render(plan.template, channel, variables);
    if (rendered.kind === 'render-failed') {
      // Not for whom: logs outlive the erasure of a person.
      console.warn({ message: 'Not rendered', plan: plan.planId, error: rendered.message });
      // The gate goes before the template, here as well.
      contact ??= await ports.contacts.get(profileId);
      const decision = gate({ ...asked, contact });
      return void settled.set(index, decision.decision === 'send' ? 'render-failed' : decision.reason);
    }
    const input = { ...asked, content: contentCode(links ? links.bare(rendered.content) : rendered.content) };
    contact ??= await ports.contacts.reserve(input);
    const reason = contact && (await reserve(ports, { ...input, contact }, asSeen));
    if (reason) {
      // The SDK repeats a reservation whose answer was lost; the person may have withdrawn in between.
      if (contact && !known.has(profileId) && hasTouch(contact, input.messageKey)) {
        await release(ports, profileId, input.messageKey);
      }
      return refuse(reason);
    }
    const id = messageName(work, profileId);
    const atMs = message.kind === 'direct' ? message.event.receivedMs : nowMs;
    const content = links ? links.dress(rendered.content) : rendered.content;
    ready.push({ key: index, id, atMs, ref, profileId, address, content });
  });
  const undoubted = addressed.filter((one) => !isDoubtful(one)).length;
  ports.refusals.set(plan.planId, noteRefusals(past, undoubted, refused));
  return { settled, due, ready: ready.sort((a, b) => a.key - b.key), lacking };
};

/** A channel that has taken the message is not undone by a holdout that has grown since. */
const isLeftOut = async (ports: Ports, message: SendMessage, { lane }: PlanVersion): Promise<boolean> =>
  message.kind === 'direct' &&
  lane === 'promotional' &&
  !message.earlier?.taken &&
  isHeldOut(message.profileId, await ports.holdout());

const variablesOf = (message: SendMessage, row: SnapshotRow) => ({
  profile: row,
  ...(message.kind === 'direct' && { event: message.event, ...(message.window && { window: message.window }) }),
});

/**
 * Writes the touch that the gate asks for, or says why there is to be none. When somebody else wrote the contact first, the
 * gate decides again on what it is now: that is how two campaigns at once never exceed the cap.
 */
const reserve = async (
  ports: Ports,
  input: GateInput,
  asSeen: (contact: ContactState) => ContactState,
): Promise<SkipReason | undefined> => {
  let contact = asSeen(input.contact);
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const decision = gate({ ...input, contact });
    if (decision.decision !== 'send') return decision.reason;
    if (!decision.reserve || (await ports.contacts.saveTouches(reserveTouch({ ...input, contact })))) {
      return undefined;
    }
    contact = asSeen(await ports.contacts.get(contact.profileId));
  }
  throw new RetryLater(`A contact was changed ${MAX_CONFLICTS} times in a row`);
};
