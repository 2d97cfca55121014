import type { Channel, Lane } from '../../core/delivery/channel.ts';
import { isSettled, type LedgerRecord, publishRecord, settledOf } from '../../core/delivery/ledger.ts';
import type { SendMessage } from '../../core/delivery/messages.ts';
import { nextMessage, outcomeRows, type Step } from '../../core/delivery/plan-batch.ts';
import { channelOf } from '../../core/delivery/policy.ts';
import { partUnit } from '../../core/delivery/work.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import type { PutBack } from './pacing.ts';
import type { Ports } from './ports.ts';

/** What a delivery leaves to be told. `record` is saved; recipients of it that are open come again. */
export type Publication = {
  message: SendMessage;
  plan: PlanVersion;
  step: Step;
  record: LedgerRecord;
  profileIdOf: (index: number) => string;
  messageIds: ReadonlyMap<number, string>;
  /** Who is open is put off, and comes again with this: once the lease of the record is given back. */
  back?: PutBack;
};

/**
 * Makes known what the records of some deliveries say: outcomes, the messages for next channels, the progress of parts.
 * Together, because a lake record is billed by 5 KB and a queue call takes ten messages. When it throws, all of them are to
 * be published again, which is safe: every effect has a deterministic key.
 */
export const publish = async (ports: Ports, publications: readonly Publication[]): Promise<void> => {
  const counted = publications.filter(({ plan }) => plan.planKind !== 'test');
  const rows = counted.flatMap(({ plan, step, record, profileIdOf, messageIds }) =>
    outcomeRows(settledOf(record, 'unpublished'), profileIdOf, messageIds, step, plan, ports.now()),
  );
  if (rows.length > 0) await ports.append(rows);

  const next = new Map<string, { channel: Channel; lane: Lane; messages: SendMessage[] }>();
  const done = new Map<string, { run: string; unit: string; batches: number[] }>();
  for (const { message, plan, step, record } of publications) {
    if (!isSettled(record)) continue;
    const following = nextMessage(message, settledOf(record, 'all'), step);
    const onward = following && plan.channelPolicy[following.step];
    const channel = onward && channelOf(onward);
    if (following?.dueMs && channel && following.dueMs > ports.now()) {
      await ports.hold({ channel, lane: plan.lane, message: following }, following.dueMs);
    } else if (following && channel) {
      const key = `${channel} ${plan.lane}`;
      next.set(key, {
        channel,
        lane: plan.lane,
        messages: [...(next.get(key)?.messages ?? []), following],
      });
    } else if (message.kind === 'snapshot') {
      const part = { run: step.work.run, unit: partUnit(message.part) };
      const key = `${part.run} ${part.unit}`;
      done.set(key, { ...part, batches: [...(done.get(key)?.batches ?? []), message.batch] });
    }
  }
  for (const { channel, lane, messages } of next.values()) await ports.enqueue(channel, lane, messages);
  for (const { batches, ...part } of done.values()) await ports.ledger.batchesDone(part, batches);
  // Last, for it gives the lease back: these come again, and what is published of them is not published twice.
  for (const { step, record } of publications) {
    if (!isSettled(record)) await ports.ledger.save(step.work, publishRecord(record));
  }
  const put = publications.filter(({ back }) => back);
  for (const [lane, own] of Map.groupBy(put, ({ plan }) => plan.lane)) {
    await ports.putBack(
      lane,
      own.flatMap(({ back }) => back ?? []),
    );
  }
};
