import type { Chance } from './chance.ts';

/** What goes wrong on purpose. How often is drawn for each seed. */
export const FAULTS = [
  // Of requests to AWS.
  'throttled',
  'request-lost',
  'answer-lost',
  'partly-refused',
  'slow',
  'service-down',
  // Of queues and functions.
  'message-late',
  'delivered-twice',
  'delivered-again-after-success',
  'crash',
  'timed-out',
  'stall',
  'clock-jump',
  // Of providers.
  'provider-refused-connection',
  'provider-hung-without-effect',
  'provider-hung-after-effect',
  'provider-reset-after-effect',
  'provider-gateway-without-effect',
  'provider-gateway-after-effect',
  'provider-down',
  'provider-throttled',
  'provider-account',
  'provider-refused',
  'provider-some-later',
  'provider-outage',
  // Of receipts.
  'receipt-lost',
  'receipt-twice',
  'receipt-late',
] as const;
export type Fault = (typeof FAULTS)[number];
export type FaultCounts = Partial<Record<Fault, number>>;

/** How often in some seeds, and how often at the most. */
const RATES: Partial<Record<Fault, [inSeeds: number, most: number]>> = {
  throttled: [0.6, 0.08],
  'request-lost': [0.6, 0.05],
  'answer-lost': [0.7, 0.08],
  'partly-refused': [0.6, 0.2],
  slow: [0.7, 0.05],
  'message-late': [0.8, 0.5],
  'delivered-twice': [0.7, 0.5],
  'delivered-again-after-success': [0.7, 0.3],
  crash: [0.8, 0.8],
  stall: [0.3, 0.002],
  'clock-jump': [0.3, 0.2],
  'provider-refused-connection': [0.4, 0.1],
  'provider-hung-without-effect': [0.4, 0.06],
  'provider-hung-after-effect': [0.5, 0.06],
  'provider-reset-after-effect': [0.4, 0.06],
  'provider-gateway-without-effect': [0.3, 0.05],
  'provider-gateway-after-effect': [0.3, 0.05],
  'provider-down': [0.4, 0.15],
  'provider-throttled': [0.5, 0.15],
  'provider-account': [0.15, 0.03],
  'provider-refused': [0.3, 0.04],
  'provider-some-later': [0.4, 0.15],
  'receipt-lost': [0.5, 0.3],
  'receipt-twice': [0.5, 0.3],
  'receipt-late': [0.5, 0.3],
};

/** From … to (epoch ms), during which a table, queue, stream or provider answers nothing of use. */
export type Outage = { of: string; fromMs: number; toMs: number };

/** What goes wrong in one seed, and the count of it. */
export class Faults {
  readonly counts: FaultCounts = {};
  readonly outages: Outage[] = [];
  private readonly rates = new Map<Fault, number>();
  private readonly chance: Chance;
  private over = false;

  constructor(chance: Chance) {
    this.chance = chance;
    const calm = chance.is(0.05);
    for (const [fault, [inSeeds, most]] of Object.entries(RATES) as [Fault, [number, number]][]) {
      if (!calm && chance.is(inSeeds)) this.rates.set(fault, chance.next() ** 2 * most);
    }
  }

  /** Whether it happens now. */
  happens(fault: Fault): boolean {
    const hit = this.isDrawn(fault);
    if (hit) this.count(fault);
    return hit;
  }

  /** The same for what may yet come to nothing: whoever asks counts it when it has happened. */
  isDrawn(fault: Fault): boolean {
    return !this.over && this.chance.is(this.rates.get(fault) ?? 0);
  }

  /** The first of these that happens, each asked for. */
  oneOf<F extends Fault>(faults: readonly F[]): F | undefined {
    return faults.find((fault) => this.happens(fault));
  }

  isOut(of: string, nowMs: number): boolean {
    return !this.over && this.outages.some((out) => out.of === of && out.fromMs <= nowMs && nowMs < out.toMs);
  }

  count(fault: Fault): void {
    this.counts[fault] = (this.counts[fault] ?? 0) + 1;
  }

  /** From now on everything works. */
  stop(): void {
    this.over = true;
  }

  get stopped(): boolean {
    return this.over;
  }
}
