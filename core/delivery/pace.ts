import type { Channel, Lane } from './channel.ts';
import type { Rate } from './send-rate.ts';
import type { DeliverySettings } from './settings.ts';

/** One of the rates that a message is under. `key` names its clocks, `lane` which of them. */
export type Limit = { key: string; rate: Rate; lane: Lane };

/** A campaign's own speed. Absent: as fast as providers allow. */
export type Speed = { perMinute: number };

export const DEFAULT_SHARE = 0.2;

/** What limits the messages of a plan on a channel: the plan's speed first, for that takes nothing from others. */
export const limitsOn = (
  { rates }: DeliverySettings,
  { channel, lane, planId, speed }: { channel: Channel; lane: Lane; planId: string; speed: Speed | undefined },
): Limit[] => {
  const provider = rates?.[channel];
  return [
    ...(speed
      ? [
          {
            key: `plan#${planId}`,
            rate: { perSecond: speed.perMinute / 60, share: 0 },
            lane: 'promotional' as const,
          },
        ]
      : []),
    ...(provider
      ? [
          {
            key: channel,
            rate: { perSecond: provider.perSecond, share: provider.transactionalShare ?? DEFAULT_SHARE },
            lane,
          },
        ]
      : []),
  ];
};
