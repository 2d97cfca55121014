import type { Playbook } from '../playbook/playbook.ts';
import { firstName, NAME, orderPlaced, shop, topic, wait } from './shop.ts';

export const repurchase: Playbook = {
  id: 'repurchase',
  goal: 'repurchase',
  title: { en: 'Repurchase', zh: '复购提醒' },
  summary: {
    en: 'When what somebody bought is likely used up, they are asked whether it is time for more, and once again a week later.',
    zh: '预计商品即将用完时提醒复购，一周后再提醒一次；下单即停止。',
  },
  marketing: true,
  parameters: {
    ...shop,
    ...firstName,
    ...orderPlaced,
    usedUpDays: {
      kind: 'number',
      whole: true,
      minimum: 2,
      maximum: 700,
      default: 30,
      about: { en: 'Days after which an order is used up', zh: '商品大约用完的天数' },
    },
    tooLateDays: {
      kind: 'number',
      whole: true,
      minimum: 3,
      maximum: 1_000,
      default: 90,
      about: {
        en: 'Days after which it is a case for a win-back; more than the other',
        zh: '超过多少天改用流失召回，应大于上一项',
      },
    },
    ...topic('reminders'),
    ...wait('wait', { days: 7 }, { en: 'How long before the second message', zh: '第二次提醒前的等待' }),
  },
  segments: {
    due: {
      name: { en: 'due for another order', zh: '待复购客户' },
      segment: {
        all: [
          { event: '[[orderPlaced]]', last: { moreThanDaysAgo: '[[usedUpDays]]' } },
          { event: '[[orderPlaced]]', last: { withinDays: '[[tooLateDays]]' } },
        ],
      },
    },
  },
  templates: {
    reminder: {
      name: { en: 'reminder', zh: '提醒' },
      content: {
        en: {
          push: { title: 'Time for more?', body: 'Your favourites may be running low. Order again in two taps.' },
          email: {
            subject: 'Running low?',
            heading: `Time for more, ${NAME.en}?`,
            lines: [
              'By our reckoning your last order may be running low.',
              'Ordering again takes two clicks: we remember what you had.',
            ],
            button: { text: 'Order again', url: '[[shopUrl]]' },
          },
        },
        zh: {
          push: { title: '该补货了吗？', body: '您常用的商品可能快用完了，两步即可再次下单。' },
          email: {
            subject: '常用好物快用完了？',
            heading: `${NAME.zh}，该补货了吗？`,
            lines: ['根据您上次下单的时间，商品可能快用完了。', '我们记得您的选择，两步即可再次下单。'],
            button: { text: '再次购买', url: '[[shopUrl]]' },
          },
        },
      },
    },
    again: {
      name: { en: 'second reminder', zh: '再次提醒' },
      content: {
        en: {
          email: {
            subject: 'Your usual, or something new?',
            heading: 'Your usual is one click away',
            lines: ['Still have some left? Then ignore us. If not, here is the short way back to your last order.'],
            button: { text: 'Order again', url: '[[shopUrl]]' },
          },
        },
        zh: {
          email: {
            subject: '老样子，还是换个新口味？',
            heading: '您的常购清单在这里',
            lines: ['如果还没用完，请忽略此邮件；如果需要补货，点击即可找到上次的订单。'],
            button: { text: '再次购买', url: '[[shopUrl]]' },
          },
        },
      },
    },
  },
  plan: {
    kind: 'journey',
    draft: {
      topic: '[[topic]]',
      entry: { segment: '[[segment.due]]', includeMembers: true },
      reentry: { after: { days: 14 } },
      start: 'reminder',
      nodes: {
        reminder: {
          kind: 'message',
          templateId: '[[template.reminder]]',
          channelPolicy: ['push', 'email'],
          next: 'wait',
        },
        wait: { kind: 'wait', for: '[[wait]]', next: 'again' },
        again: { kind: 'message', templateId: '[[template.again]]', channelPolicy: ['email'], next: 'end' },
        end: { kind: 'exit', reason: 'reminded' },
      },
      exits: [{ event: { eventType: '[[orderPlaced]]' } }],
      goals: [{ name: 'order', event: { eventType: '[[orderPlaced]]' }, within: { days: 14 } }],
    },
  },
};
