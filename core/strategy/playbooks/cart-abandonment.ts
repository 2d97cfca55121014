import type { Playbook } from '../playbook/playbook.ts';
import { coupon, currency, EVENT_URL, orderPlaced, pause, STOP, shop, topic, wait } from './shop.ts';

export const cartAbandonment: Playbook = {
  id: 'cart-abandonment',
  goal: 'conversion',
  title: { en: 'Cart abandonment', zh: '购物车挽回' },
  summary: {
    en: 'A cart that is worth it and not ordered gets a reminder, and a day later an offer. Whoever orders, or takes things out again, hears nothing more.',
    zh: '购物车达到金额而未下单时先提醒，一天后再送优惠；期间下单或清空购物车即停止。',
  },
  marketing: true,
  parameters: {
    ...shop,
    ...currency,
    ...coupon,
    cartUpdated: {
      kind: 'event',
      default: 'cart.updated',
      properties: { total: 89, url: 'https://luma.example/cart' },
      about: { en: 'Somebody has changed their cart', zh: '购物车更新事件' },
    },
    ...orderPlaced,
    minimum: {
      kind: 'number',
      minimum: 0,
      maximum: 1_000_000,
      default: 20,
      about: { en: 'What the cart is worth at least', zh: '购物车最低金额' },
    },
    ...topic('reminders'),
    ...wait('firstWait', { hours: 1 }, { en: 'How long before the reminder', zh: '提醒前的等待' }),
    ...wait('secondWait', { hours: 23 }, { en: 'How long from the reminder to the offer', zh: '提醒到优惠之间的等待' }),
    ...pause(7),
  },
  templates: {
    reminder: {
      name: { en: 'reminder', zh: '提醒' },
      content: {
        en: {
          push: { title: 'Your cart is waiting', body: 'Everything is still there. Pick up where you left off.' },
          email: {
            subject: 'You left something behind',
            heading: 'Your cart is waiting',
            lines: [
              'We have saved what you picked, worth {{ event.properties.total | money: "[[currency]]" }}. Popular things may sell out, so do not wait too long.',
            ],
            button: { text: 'Back to my cart', url: EVENT_URL },
          },
        },
        zh: {
          push: { title: '购物车里还有宝贝', body: '您挑选的商品还在，继续完成下单吧。' },
          email: {
            subject: '您的购物车还有商品未结算',
            heading: '购物车在等您',
            lines: [
              '您挑选的商品（共{{ event.properties.total | money: "[[currency]]" }}）已为您保存，热门商品可能售罄，请尽快下单。',
            ],
            button: { text: '返回购物车', url: EVENT_URL },
          },
        },
      },
    },
    offer: {
      name: { en: 'offer', zh: '优惠' },
      content: {
        en: {
          push: {
            title: '[[offer]] on your cart',
            body: 'Enter [[couponCode]] at checkout. Your cart is still there.',
          },
          email: {
            subject: '[[offer]] on what is in your cart',
            heading: 'To help you decide',
            lines: [
              'Your cart is still there, and here is something to go with it.',
              'Enter [[couponCode]] at checkout for [[offer]].',
            ],
            button: { text: 'Complete my order', url: EVENT_URL },
          },
          sms: { text: `[[brand]]: your cart is waiting. [[offer]] with [[couponCode]]: ${EVENT_URL} ${STOP.en}` },
        },
        zh: {
          push: { title: '购物车商品享[[offer]]', body: '结算时输入优惠码[[couponCode]]即可。' },
          email: {
            subject: '购物车商品享[[offer]]',
            heading: '帮您做个决定',
            lines: ['您的购物车还在，为您送上一份优惠。', '结算时输入优惠码[[couponCode]]，即享[[offer]]。'],
            button: { text: '去结算', url: EVENT_URL },
          },
          sms: { text: `【[[brand]]】购物车商品享[[offer]]，优惠码[[couponCode]]：${EVENT_URL} ${STOP.zh}` },
        },
      },
    },
  },
  plan: {
    kind: 'journey',
    draft: {
      topic: '[[topic]]',
      entry: { event: { eventType: '[[cartUpdated]]', where: [{ property: 'total', atLeast: '[[minimum]]' }] } },
      reentry: { after: '[[pause]]' },
      start: 'first-wait',
      nodes: {
        'first-wait': { kind: 'wait', for: '[[firstWait]]', next: 'reminder' },
        reminder: {
          kind: 'message',
          templateId: '[[template.reminder]]',
          channelPolicy: ['push', 'email'],
          next: 'second-wait',
        },
        'second-wait': { kind: 'wait', for: '[[secondWait]]', next: 'offer' },
        offer: {
          kind: 'message',
          templateId: '[[template.offer]]',
          channelPolicy: ['push', 'email', 'sms'],
          next: 'end',
        },
        end: { kind: 'exit', reason: 'offered' },
      },
      // A cart that is emptied is no reminder's business any more.
      exits: [
        { event: { eventType: '[[orderPlaced]]' } },
        { event: { eventType: '[[cartUpdated]]', where: [{ property: 'total', lessThan: '[[minimum]]' }] } },
      ],
      goals: [{ name: 'order', event: { eventType: '[[orderPlaced]]' }, within: { days: 7 } }],
    },
  },
};
