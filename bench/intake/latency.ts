import { setTimeout as pause } from 'node:timers/promises';
import { quantile } from '../statistics.ts';
import type { Order, Shop } from './shop.ts';

/** ms from the answer of POST /v1/events to the provider's call. Below zero: the SMS went out before the answer did. */
export type Latency = { p50: number; p99: number; worst: number; orders: number };

const latencyOf = (orders: readonly Order[]): Latency => {
  const ms = orders.map(({ acceptedMs, providerMs = Number.NaN }) => providerMs - acceptedMs);
  return { p50: quantile(ms, 0.5), p99: quantile(ms, 0.99), worst: quantile(ms, 1), orders: ms.length };
};

const DRAIN_MS = 60_000;

/** One order at a time, the next when the last one's SMS is out. */
export const idleLatency = async (shop: Shop, count: number): Promise<Latency> => {
  const first = shop.orders.length;
  for (let n = 0; n < count; n += 1) {
    await shop.placeOrders(1);
    await shop.allSent(DRAIN_MS);
  }
  return latencyOf(shop.orders.slice(first));
};

/** Orders that may wait for their SMS while capacity is measured: more are not placed until some are out. */
const BACKLOG = 400;

/**
 * Orders a second, from acceptance to the provider, over `ms` with a backlog that is full all the time. `perCall` orders
 * travel in a call, from as many callers as keep it full.
 */
export const capacity = async (shop: Shop, ms: number, perCall: number): Promise<number> => {
  const CALLERS = 4;
  const endsAt = performance.now() + ms;
  const first = shop.orders.length;
  const caller = async () => {
    while (performance.now() < endsAt) {
      if (shop.waiting() < BACKLOG) await shop.placeOrders(perCall);
      else await pause(2);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  await shop.allSent(DRAIN_MS);
  // The first fifth warms up; what drained after the end counts with the time it took.
  const sent = shop.orders
    .slice(first)
    .map(({ providerMs = Number.NaN }) => providerMs)
    .sort((a, b) => a - b);
  const counted = sent.slice(Math.floor(sent.length / 5));
  return (counted.length - 1) / ((counted.at(-1)! - counted[0]!) / 1_000);
};

/**
 * Orders at a steady rate for `ms`, each call at its time whether or not earlier ones were answered: an app does not wait
 * for Herald. `perCall` orders travel in a call.
 */
export const loadedLatency = async (
  shop: Shop,
  ratePerSecond: number,
  ms: number,
  perCall: number,
): Promise<Latency> => {
  const first = shop.orders.length;
  const calls = Math.floor((ratePerSecond * ms) / 1_000 / perCall);
  const startsAt = performance.now();
  const under: Promise<void>[] = [];
  for (let n = 0; n < calls; n += 1) {
    const dueMs = startsAt + (n * perCall * 1_000) / ratePerSecond;
    while (performance.now() < dueMs) await pause(Math.max(0, dueMs - performance.now() - 0.5));
    under.push(shop.placeOrders(perCall));
  }
  await Promise.all(under);
  await shop.allSent(DRAIN_MS);
  return latencyOf(shop.orders.slice(first));
};
