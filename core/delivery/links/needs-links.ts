import type { TemplateInput } from '../../strategy/template.ts';
import type { Channel } from '../channel.ts';

/** Whether messages of the template on the channel can have a link of Herald's: what makes them need not be loaded otherwise. */
export const needsLinks = ({ channels }: TemplateInput, channel: Channel): boolean => {
  const content = channels[channel];
  return channel === 'email' || /"trackLinks":true|unsubscribe_url|preferences_url/.test(JSON.stringify(content ?? {}));
};
