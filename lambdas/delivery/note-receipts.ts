import { messageEvent } from '../../core/delivery/message-event.ts';
import type { OutcomeRow } from '../../core/delivery/outcome.ts';
import type { Receipt } from '../../core/delivery/receipt.ts';
import { decodeRef, type ReceiptRef } from '../../core/delivery/receipt-ref.ts';
import { receiptRow } from '../../core/delivery/receipt-rows.ts';
import { consequenceOf } from '../../core/delivery/suppression.ts';
import type { AcceptedEvent } from '../../core/event/event.ts';
import type { IsErased } from '../adapters/erased-people.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import type { Heard, Ledger } from '../adapters/ledger.ts';
import type { Suppressions } from '../adapters/suppressions.ts';
import { type ComplaintPorts, watchComplaints } from './watch-complaints.ts';

/** Everything outside that receipts touch. */
export type ReceiptPorts = ComplaintPorts & {
  append(rows: readonly OutcomeRow[]): Promise<void>;
  suppressions: Suppressions;
  ledger: Pick<Ledger, 'noteHeard'>;
  /** To the intake, as events of Herald's own. */
  tell(events: readonly AcceptedEvent[]): Promise<void>;
};

/** Items written at once. */
const PARALLEL = 25;

type Known = { receipt: Receipt; ref: ReceiptRef };
const isKnown = (one: { receipt: Receipt; ref: ReceiptRef | undefined }): one is Known => one.ref !== undefined;

/**
 * Makes known what was heard of messages: outcomes in the lake, whom not to write to any more, and to those who wait for it
 * that a message arrived; which plans too many complain about; and as events what triggers and journeys may ask for. Of whoever was erased nothing is kept.
 *
 * Why twice is safe, in any order: rows and events have an id for what they say, suppressions keep the strongest, all else are sets.
 */
export const noteReceipts = async (
  ports: ReceiptPorts,
  receipts: readonly Receipt[],
  isErased: IsErased,
): Promise<void> => {
  const heard = receipts.map((receipt) => ({ receipt, ref: decodeRef(receipt.ref) }));
  const all = heard.filter(({ ref }) => !ref || !isErased(ref.profileId));
  await inParallel(PARALLEL, waitedFor(all.filter(isKnown)), ({ run, unit, ...places }) =>
    ports.ledger.noteHeard({ run, unit }, places, ports.now()),
  );
  // A test counts nowhere; whoever sent it may read in the ledger that it arrived.
  const kept = all.filter(({ ref }) => ref?.planKind !== 'test');
  const known = kept.filter(isKnown);
  await inParallel(PARALLEL, known, ({ receipt, ref }) => suppress(ports, receipt, ref));
  await watchComplaints(ports, known);
  const rows = onceEach(kept.map(({ receipt, ref }) => receiptRow(receipt, ref)));
  if (rows.length > 0) await ports.append(rows);
  const events = known.flatMap(({ receipt, ref }) => messageEvent(receipt, ref) ?? []);
  if (events.length > 0) await ports.tell([...new Map(events.map((event) => [event.id, event])).values()]);
};

/** Two ways bring the same receipt: once is enough, the earliest, as for those who read the lake. */
const onceEach = (rows: readonly OutcomeRow[]): OutcomeRow[] => {
  const earliestLast = rows.toSorted((a, b) => b.at_ms - a.at_ms);
  return [...new Map(earliestLast.map((row) => [row.outcome_id, row])).values()];
};

const suppress = async ({ suppressions }: ReceiptPorts, receipt: Receipt, ref: ReceiptRef): Promise<void> => {
  const consequence = consequenceOf(receipt, ref);
  const { profileId, channel } = ref;
  if (consequence?.kind === 'suppress') await suppressions.suppress(profileId, channel, consequence.suppression);
  if (consequence?.kind === 'soft-bounce') await suppressions.softBounce(profileId, channel, consequence.bounce);
};

const OPENED = new Set<Receipt['outcome']>(['opened', 'clicked']);

/** By batch, the places in it of which somebody waits to hear that the message was delivered or opened. */
const waitedFor = (known: readonly Known[]): (Heard & { run: string; unit: string })[] => {
  const batches = new Map<string, Heard & { run: string; unit: string }>();
  for (const { receipt, ref } of known) {
    if (!ref.waits || !(receipt.outcome === 'delivered' || OPENED.has(receipt.outcome))) continue;
    const { run, unit, index } = ref;
    const key = `${run} ${unit}`;
    const places = batches.get(key) ?? { run, unit, delivered: new Set(), opened: new Set() };
    places.delivered.add(index);
    if (OPENED.has(receipt.outcome)) places.opened.add(index);
    batches.set(key, places);
  }
  return [...batches.values()];
};
