import type { Playbook } from '../playbook/playbook.ts';
import { EVENT_URL, orderPlaced, pause, shop, topic, wait } from './shop.ts';

const PRODUCT = {
  en: '{{ event.properties.product | default: "what you looked at" }}',
  zh: '{{ event.properties.product | default: "您看过的商品" }}',
};

export const browseAbandonment: Playbook = {
  id: 'browse-abandonment',
  goal: 'conversion',
  title: { en: 'Browse abandonment', zh: '浏览挽回' },
  summary: {
    en: 'Whoever looks at a product and puts nothing into the cart is reminded of it once, some hours later.',
    zh: '浏览商品后未加购的用户，数小时后提醒一次。',
  },
  marketing: true,
  parameters: {
    ...shop,
    productViewed: {
      kind: 'event',
      default: 'product.viewed',
      properties: { product: 'Linen shirt', url: 'https://luma.example/p/linen' },
      about: { en: 'Somebody has looked at a product', zh: '浏览商品事件' },
    },
    cartUpdated: {
      kind: 'event',
      default: 'cart.updated',
      properties: {},
      about: { en: 'Somebody has put something into the cart', zh: '加购事件' },
    },
    ...orderPlaced,
    ...topic('reminders'),
    ...wait('wait', { hours: 4 }, { en: 'How long after the look', zh: '浏览多久后提醒' }),
    ...pause(7),
  },
  templates: {
    reminder: {
      name: { en: 'reminder', zh: '提醒' },
      content: {
        en: {
          push: { title: 'Still thinking about it?', body: `We have kept ${PRODUCT.en} in view for you.` },
          email: {
            subject: 'Still thinking about it?',
            heading: `Another look at ${PRODUCT.en}?`,
            lines: [
              'Good choices take a moment. Here is the way back to where you were.',
              'And if it is not quite right, there is more like it.',
            ],
            button: { text: 'Have another look', url: EVENT_URL },
          },
        },
        zh: {
          push: { title: '还在考虑吗？', body: `${PRODUCT.zh}还在等您，再来看看吧。` },
          email: {
            subject: '还在考虑吗？',
            heading: `再看看${PRODUCT.zh}？`,
            lines: ['好的选择值得多想一想，点击即可回到刚才的页面。', '如果不太合适，还有更多类似好物可选。'],
            button: { text: '再看一眼', url: EVENT_URL },
          },
        },
      },
    },
  },
  plan: {
    kind: 'journey',
    draft: {
      topic: '[[topic]]',
      entry: { event: { eventType: '[[productViewed]]' } },
      reentry: { after: '[[pause]]' },
      start: 'wait',
      nodes: {
        wait: { kind: 'wait', for: '[[wait]]', next: 'reminder' },
        reminder: {
          kind: 'message',
          templateId: '[[template.reminder]]',
          channelPolicy: ['push', 'email'],
          next: 'end',
        },
        end: { kind: 'exit', reason: 'reminded' },
      },
      exits: [{ event: { eventType: '[[cartUpdated]]' } }, { event: { eventType: '[[orderPlaced]]' } }],
      goals: [{ name: 'order', event: { eventType: '[[orderPlaced]]' }, within: { days: 3 } }],
    },
  },
};
