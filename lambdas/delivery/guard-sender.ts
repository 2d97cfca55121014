import { closed, type Memory, opened, remember, stateOf, tried, verdictOf } from '../../core/delivery/breaker.ts';
import type { Channel } from '../../core/delivery/channel.ts';
import type { ChannelSender, SendResult } from '../../core/delivery/sender.ts';
import type { BreakerStore } from '../adapters/breakers.ts';
import { forAll } from '../adapters/send-error.ts';

export type BreakerPorts = {
  breaker: BreakerStore;
  now(): number;
  /** The breaker has opened: an operator is told. */
  report(channel: Channel, reason: string): void;
};

/**
 * A sender behind its breaker. While that is open it answers for the provider, which is not called. Of workers that race to
 * change it one wins, the others go on as if they had not noticed: the next call finds out again.
 */
export const guardSender = <C extends Channel>(
  sender: ChannelSender<C>,
  { breaker: store, now, report }: BreakerPorts,
): ChannelSender<C> => {
  let memory: Memory = [];

  const open = async (reason: string): Promise<void> => {
    const breaker = await store.get();
    if (stateOf(breaker, now()) !== 'closed') return;
    if (await store.save(opened(breaker, reason, now()))) report(sender.channel, reason);
  };

  return {
    ...sender,
    async send(messages, lane) {
      const breaker = await store.get();
      const state = stateOf(breaker, now());
      const waits: SendResult = { status: 'retry', reason: `The breaker is open: ${breaker.reason}`, fault: 'breaker' };
      if (state === 'open') return forAll(messages, waits);
      const trial = tried(breaker, now());
      if (state === 'half-open' && !(await store.save(trial))) return forAll(messages, waits);

      const results = await sender.send(messages, lane);
      const verdict = verdictOf(messages.map(({ key }) => results.get(key)));
      if (state === 'half-open') {
        if (verdict.kind === 'fine') await store.save(closed(trial));
        else if (verdict.kind !== 'busy') await store.save(opened(trial, verdict.reason, now()));
        return results;
      }
      const next = remember(memory, verdict);
      memory = next.memory;
      if (next.open !== undefined) await open(next.open);
      return results;
    },
  };
};
