import type { Playbook } from '../playbook/playbook.ts';
import { EVENT_URL, firstName, NAME, pause, shop, topic, wait } from './shop.ts';

export const postPurchase: Playbook = {
  id: 'post-purchase',
  goal: 'retention',
  title: { en: 'Post-purchase', zh: '购后关怀' },
  summary: {
    en: 'After a delivery: thanks and how to get the most out of it, then what goes well with it. Whoever returns the order hears nothing more.',
    zh: '签收后先致谢并附使用建议，再推荐搭配商品；退货用户不再打扰。',
  },
  marketing: true,
  parameters: {
    ...shop,
    ...firstName,
    orderDelivered: {
      kind: 'event',
      default: 'order.delivered',
      properties: { url: 'https://luma.example/orders/A-1024' },
      about: { en: 'An order has arrived', zh: '签收事件' },
    },
    orderReturned: {
      kind: 'event',
      default: 'order.returned',
      properties: {},
      about: { en: 'Somebody sends an order back', zh: '退货事件' },
    },
    ...topic('care'),
    ...wait('firstWait', { days: 1 }, { en: 'How long after the delivery', zh: '签收后的等待' }),
    ...wait('secondWait', { days: 6 }, { en: 'How long before the suggestions', zh: '推荐前的等待' }),
    ...pause(30),
  },
  templates: {
    thanks: {
      name: { en: 'thanks', zh: '致谢' },
      content: {
        en: {
          email: {
            subject: 'Thank you for your order',
            heading: `Enjoy it, ${NAME.en}`,
            lines: [
              'Your order has arrived, and we hope you like it as much as we do.',
              'Here are a few tips for getting the most out of it.',
            ],
            button: { text: 'Read the tips', url: EVENT_URL },
          },
          push: { title: 'Enjoy your order', body: 'A few tips for getting the most out of it.' },
        },
        zh: {
          email: {
            subject: '感谢您的购买',
            heading: `${NAME.zh}，希望您喜欢`,
            lines: ['您的订单已送达，希望您和我们一样喜欢它。', '我们准备了一些使用小贴士，助您用得更好。'],
            button: { text: '查看小贴士', url: EVENT_URL },
          },
          push: { title: '感谢您的购买', body: '查看使用小贴士，用得更好。' },
        },
      },
    },
    more: {
      name: { en: 'suggestions', zh: '推荐' },
      content: {
        en: {
          email: {
            subject: 'Goes well with what you have',
            heading: 'Made to go together',
            lines: ['People who bought the same came back for these. Maybe there is something for you, too.'],
            button: { text: 'See suggestions', url: '[[shopUrl]]' },
          },
          push: { title: 'Goes well with what you have', body: 'See what others have added to it.' },
        },
        zh: {
          email: {
            subject: '为您推荐搭配好物',
            heading: '搭配更出彩',
            lines: ['购买过同款的用户也喜欢这些商品，看看有没有适合您的。'],
            button: { text: '查看推荐', url: '[[shopUrl]]' },
          },
          push: { title: '为您推荐搭配好物', body: '看看大家还选了什么。' },
        },
      },
    },
  },
  plan: {
    kind: 'journey',
    draft: {
      topic: '[[topic]]',
      entry: { event: { eventType: '[[orderDelivered]]' } },
      reentry: { after: '[[pause]]' },
      start: 'first-wait',
      nodes: {
        'first-wait': { kind: 'wait', for: '[[firstWait]]', next: 'thanks' },
        thanks: {
          kind: 'message',
          templateId: '[[template.thanks]]',
          channelPolicy: ['email', 'push'],
          next: 'second-wait',
        },
        'second-wait': { kind: 'wait', for: '[[secondWait]]', next: 'more' },
        more: { kind: 'message', templateId: '[[template.more]]', channelPolicy: ['email', 'push'], next: 'end' },
        end: { kind: 'exit', reason: 'cared for' },
      },
      exits: [{ event: { eventType: '[[orderReturned]]' } }],
    },
  },
};
