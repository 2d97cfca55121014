import { expect, test } from 'vitest';
import { realClock, virtualClock } from '../../local/clock.ts';

test('virtual time stands still by itself and runs timers in order of time, then of setting', async () => {
  const clock = virtualClock(1_000);
  const seen: string[] = [];
  for (const [name, at] of [
    ['c', 3_000],
    ['a', 2_000],
    ['b', 2_000],
    ['d', 9_000],
  ] as const) {
    clock.at(at, () => seen.push(`${name}@${clock.now()}`));
  }
  await clock.idle();
  expect(seen).toEqual([]);
  await clock.advance(4_000);
  expect(seen).toEqual(['a@2000', 'b@2000', 'c@3000']);
  expect(clock.now()).toBe(5_000);
  await clock.advanceTo(9_000);
  expect(seen.at(-1)).toBe('d@9000');
  expect(Number(new BigInt64Array(clock.shared)[0])).toBe(9_000);
});

test('time waits for what is in flight, also when a timer set it going', async () => {
  const clock = virtualClock(0);
  const seen: number[] = [];
  clock.at(10, () => {
    const leave = clock.enter();
    setTimeout(() => {
      seen.push(clock.now());
      leave();
      leave(); // leaving twice counts once
    }, 20);
  });
  clock.at(11, () => seen.push(clock.now()));
  await clock.advance(100);
  expect(seen).toEqual([10, 11]);
});

test('a timer in the past runs at once, without advancing; a cancelled one never', async () => {
  const clock = virtualClock(50);
  const seen: string[] = [];
  clock.at(50, () => seen.push('due'));
  clock.at(20, () => seen.push('cancelled'))();
  const cancel = clock.at(60, () => seen.push('cancelled'));
  await clock.idle();
  cancel();
  await clock.advance(100);
  expect(seen).toEqual(['due']);
});

test('advanceUntil jumps from timer to timer and stops as soon as the condition holds', async () => {
  const clock = virtualClock(0);
  let ticks = 0;
  const tick = () => {
    ticks += 1;
    clock.at(clock.now() + 60_000, tick);
  };
  clock.at(60_000, tick);
  expect(await clock.advanceUntil(async () => ticks === 3, 3_600_000)).toBe(true);
  expect(clock.now()).toBe(180_000);
  expect(await clock.advanceUntil(() => false, 120_000)).toBe(false);
  expect(clock.now()).toBe(300_000);
  expect(await virtualClock(0).advanceUntil(() => false, 1)).toBe(false); // no timer could change it
});

test('real time: a timer runs once due, a cancelled one does not, a far one does not overflow', async () => {
  const clock = realClock();
  const seen: string[] = [];
  clock.at(Date.now() + 20, () => seen.push('cancelled'))();
  const far = clock.at(Date.now() + 2 ** 40, () => seen.push('far'));
  await new Promise<void>((resolve) => clock.at(Date.now() - 5, resolve));
  await new Promise<void>((resolve) => clock.at(Date.now() + 30, resolve));
  far();
  expect(seen).toEqual([]);
});

test('real time: idle waits for what is in flight, advanceUntil polls', async () => {
  const clock = realClock();
  const leave = clock.enter();
  let left = false;
  setTimeout(() => {
    left = true;
    leave();
  }, 20);
  await clock.idle();
  expect(left).toBe(true);
  let asked = 0;
  expect(await clock.advanceUntil(async () => ++asked === 2, 5_000)).toBe(true);
  expect(await clock.advanceUntil(() => false, 0)).toBe(false);
});
