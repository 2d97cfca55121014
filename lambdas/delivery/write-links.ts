import type { Channel } from '../../core/delivery/channel.ts';
import { type LinkSettings, trackingOf } from '../../core/delivery/links/link-settings.ts';
import { messageLinks } from '../../core/delivery/links/message-links.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { linkKeys } from '../adapters/link-keys.ts';

export type LinkWriterProps = {
  secretArn: string;
  /** Address of the public door. */
  base: string;
  settings: () => Promise<LinkSettings>;
  now: () => number;
};

/** `source`: the app whose event causes the messages, if one does. */
export const linkWriter = ({ secretArn, base, settings, now }: LinkWriterProps) => {
  const { keys } = linkKeys(secretArn);
  return async (plan: PlanVersion, channel: Channel, source: string | undefined) => {
    const [known, inForce] = await Promise.all([keys(), settings()]);
    const tracking = trackingOf(inForce, plan.tracking, source);
    return messageLinks({ plan, channel, keys: known, base, tracking, nowMs: now() });
  };
};
