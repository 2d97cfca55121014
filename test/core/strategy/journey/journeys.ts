import type { JourneyInput } from '../../../../core/strategy/journey/journey-input.ts';

/** A welcome of three weeks, with something of everything that a marketer does every day. */
export const onboarding: JourneyInput = {
  name: 'Onboarding',
  topic: 'onboarding',
  entry: { event: { eventType: 'user.registered' } },
  start: 'hello',
  nodes: {
    hello: { kind: 'message', templateId: 'hello', channelPolicy: ['push', 'email'], next: 'first-order' },
    'first-order': {
      kind: 'wait-for-event',
      events: [{ event: { eventType: 'order.placed' }, next: 'thanks' }],
      within: { days: 3 },
      onTimeout: 'kind-of-person',
    },
    'kind-of-person': {
      kind: 'branch',
      branches: [
        { name: 'in China', when: [{ field: 'locale', startsWith: 'zh' }], next: 'morning' },
        { name: 'regular', when: [{ in: { segment: 'regulars' } }], next: 'done' },
      ],
      otherwise: 'offer',
    },
    morning: { kind: 'wait-until', at: { time: '09:00', weekdays: ['mon', 'tue'] }, next: 'offer' },
    offer: { kind: 'message', templateId: 'offer', channelPolicy: ['email'], next: 'later' },
    later: { kind: 'wait', for: { days: 18 }, next: 'done' },
    thanks: { kind: 'message', templateId: 'thanks', channelPolicy: ['email'], next: 'done' },
    done: { kind: 'exit' },
  },
  goals: [{ name: 'order', event: { eventType: 'order.placed' }, within: { days: 30 } }],
  exits: [{ event: { eventType: 'user.deleted' } }],
};
