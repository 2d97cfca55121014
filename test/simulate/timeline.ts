import type { Clock } from '../../local/types.ts';

type Event = { atMs: number; turn: number; run: () => unknown; cancelled: boolean };

/** Of two events of the same time the one that was set first goes first. */
const isBefore = (a: Event, b: Event): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.turn < b.turn);

/**
 * Everything that is still to happen, and the time. One event happens at a time, and the next one only when nothing that it set
 * off can go on by itself: so what happens depends on the times alone, and these on the seed.
 */
export class Timeline implements Clock {
  private nowMs: number;
  private turn = 0;
  private stirs = 0;
  /** A binary heap. */
  private readonly heap: Event[] = [];

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  now(): number {
    return this.nowMs;
  }

  get left(): number {
    return this.heap.length;
  }

  at(atMs: number, run: () => unknown): () => void {
    this.stirs += 1;
    this.turn += 1;
    // Clocks tell whole milliseconds; some pauses are not.
    const event: Event = { atMs: Math.ceil(Math.max(atMs, this.nowMs)), turn: this.turn, run, cancelled: false };
    this.push(event);
    return () => {
      event.cancelled = true;
    };
  }

  after(ms: number, run: () => unknown): () => void {
    return this.at(this.nowMs + ms, run);
  }

  /** What the local services have under way is under way by events, so nothing is to be counted; but they have stirred. */
  enter(): () => void {
    this.stirs += 1;
    return () => {};
  }

  /** All stand still for a while, and what was to happen meanwhile happens late. */
  stall(ms: number): void {
    this.nowMs += ms;
  }

  /** The next event, and all that follows from it without further events. False: nothing is left. */
  async step(): Promise<boolean> {
    const event = this.pop();
    if (!event) return false;
    if (event.cancelled) return true;
    this.nowMs = Math.max(this.nowMs, event.atMs);
    await event.run();
    await this.settle();
    return true;
  }

  /** Until a whole turn of the event loop has set nothing off. */
  async settle(): Promise<void> {
    let before: number;
    do {
      before = this.stirs;
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.stirs !== before);
  }

  private push(event: Event): void {
    const { heap } = this;
    let place = heap.length;
    for (heap.push(event); place > 0; ) {
      const parent = (place - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[place] = heap[parent] as Event;
      place = parent;
    }
    heap[place] = event;
  }

  private pop(): Event | undefined {
    const { heap } = this;
    const [first] = heap;
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child += 1;
      if (!isBefore(heap[child] as Event, last)) break;
      heap[place] = heap[child] as Event;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}
