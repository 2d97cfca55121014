import { seededRandom } from '../../local/random.ts';

/** Draws from a seed. Two streams of one seed do not disturb each other: what one draws more, the other does not draw otherwise. */
export class Chance {
  readonly next: () => number;

  constructor(seed: number, stream: number) {
    this.next = seededRandom((Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) | 0);
  }

  /** From `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  is(share: number): boolean {
    return share > 0 && this.next() < share;
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)] as T;
  }

  shuffled<T>(items: readonly T[]): T[] {
    const left = [...items];
    for (let n = left.length - 1; n > 0; n -= 1) {
      const other = this.int(0, n);
      [left[n], left[other]] = [left[other] as T, left[n] as T];
    }
    return left;
  }

  text(length: number): string {
    return Array.from({ length }, () => this.int(0, 35).toString(36)).join('');
  }
}
