import type { Playbook } from '../playbook/playbook.ts';
import { coupon, firstName, NAME, orderPlaced, shop, signedUp, topic, wait } from './shop.ts';

export const welcome: Playbook = {
  id: 'welcome',
  goal: 'activation',
  title: { en: 'Welcome', zh: '欢迎新用户' },
  summary: {
    en: 'Greets whoever signs up, and some days later offers something for the first order to those who have not bought yet.',
    zh: '新用户注册后立即欢迎；数天后仍未下单的，送上首单优惠。',
  },
  marketing: true,
  parameters: {
    ...shop,
    ...firstName,
    ...coupon,
    ...signedUp,
    ...orderPlaced,
    ...topic('welcome'),
    ...wait('wait', { days: 3 }, { en: 'How long to wait for a first order', zh: '等待首单的时间' }),
  },
  templates: {
    hello: {
      name: { en: 'hello', zh: '欢迎' },
      content: {
        en: {
          email: {
            subject: 'Welcome to [[brand]]',
            heading: `Welcome, ${NAME.en}`,
            lines: [
              'Good to have you with us. Have a look around: new things arrive every week.',
              'If you need anything, just reply to this email.',
            ],
            button: { text: 'Look around', url: '[[shopUrl]]' },
          },
          push: { title: 'Welcome to [[brand]]', body: 'Good to have you with us. Have a look around.' },
        },
        zh: {
          email: {
            subject: '欢迎加入[[brand]]',
            heading: `${NAME.zh}，欢迎您`,
            lines: ['很高兴与您相遇。每周都有新品上架，随时来逛逛。', '如有任何问题，直接回复此邮件即可。'],
            button: { text: '去逛逛', url: '[[shopUrl]]' },
          },
          push: { title: '欢迎加入[[brand]]', body: '很高兴与您相遇，快来逛逛吧。' },
        },
      },
    },
    offer: {
      name: { en: 'first order', zh: '首单优惠' },
      content: {
        en: {
          email: {
            subject: '[[offer]] on your first order',
            heading: 'A small thank-you for joining',
            lines: [
              'Not sure where to begin? Our favourites are a good place.',
              'With the code [[couponCode]] you get [[offer]] on your first order.',
            ],
            button: { text: 'See our favourites', url: '[[shopUrl]]' },
          },
          push: { title: '[[offer]] on your first order', body: 'Enter [[couponCode]] at checkout.' },
        },
        zh: {
          email: {
            subject: '首单专享[[offer]]',
            heading: '新朋友见面礼',
            lines: ['不知从哪里开始？先看看大家都爱的人气好物。', '输入优惠码[[couponCode]]，首单即享[[offer]]。'],
            button: { text: '看看人气好物', url: '[[shopUrl]]' },
          },
          push: { title: '首单专享[[offer]]', body: '结算时输入优惠码[[couponCode]]即可。' },
        },
      },
    },
  },
  plan: {
    kind: 'journey',
    draft: {
      topic: '[[topic]]',
      entry: { event: { eventType: '[[signedUp]]' } },
      start: 'hello',
      nodes: {
        hello: {
          kind: 'message',
          templateId: '[[template.hello]]',
          channelPolicy: ['email', 'push'],
          next: 'first-order',
        },
        'first-order': {
          kind: 'wait-for-event',
          events: [{ event: { eventType: '[[orderPlaced]]' }, next: 'bought' }],
          within: '[[wait]]',
          onTimeout: 'offer',
        },
        offer: { kind: 'message', templateId: '[[template.offer]]', channelPolicy: ['email', 'push'], next: 'offered' },
        bought: { kind: 'exit', reason: 'bought' },
        offered: { kind: 'exit', reason: 'offered' },
      },
      goals: [{ name: 'first-order', event: { eventType: '[[orderPlaced]]' }, within: { days: 14 } }],
    },
  },
};
