import type { Channel } from '../../../core/delivery/channel.ts';
import type { Outgoing } from '../../../core/delivery/sender.ts';

/** A message to person `p<key>`. */
export const outgoing = <C extends Channel>(
  key: number,
  address: string,
  content: Outgoing<C>['content'],
): Outgoing<C> => ({ key, id: `id-${key}`, atMs: 1_000, ref: '', profileId: `p${key}`, address, content });
