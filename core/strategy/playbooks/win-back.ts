import type { Playbook } from '../playbook/playbook.ts';
import { coupon, firstName, NAME, orderPlaced, STOP, shop, topic } from './shop.ts';

export const winBack: Playbook = {
  id: 'win-back',
  goal: 'win-back',
  title: { en: 'Win-back', zh: '流失召回' },
  summary: {
    en: 'Customers who have not bought for months get one offer, each in the hour in which they are most likely to look.',
    zh: '向数月未购买的老客户发送一次优惠，并在每个人最可能查看的时段送达。',
  },
  marketing: true,
  parameters: {
    ...shop,
    ...firstName,
    ...coupon,
    ...orderPlaced,
    ...topic('win-back'),
    minimumOrders: {
      kind: 'number',
      whole: true,
      minimum: 1,
      maximum: 1_000,
      default: 1,
      about: { en: 'Orders that a customer has made at least', zh: '至少下过的订单数' },
    },
    lapsedDays: {
      kind: 'number',
      whole: true,
      minimum: 7,
      maximum: 1_000,
      default: 90,
      about: { en: 'Days since the last order', zh: '距上次下单天数' },
    },
  },
  segments: {
    lapsed: {
      name: { en: 'lapsed customers', zh: '流失客户' },
      segment: {
        all: [
          { event: '[[orderPlaced]]', count: { atLeast: '[[minimumOrders]]' } },
          { event: '[[orderPlaced]]', last: { moreThanDaysAgo: '[[lapsedDays]]' } },
        ],
      },
    },
  },
  templates: {
    offer: {
      name: { en: 'offer', zh: '优惠' },
      content: {
        en: {
          push: {
            title: `We miss you, ${NAME.en}`,
            body: 'It has been a while. Take [[offer]] with [[couponCode]] and see what is new.',
          },
          sms: {
            text: `[[brand]]: it has been a while. [[offer]] on your next order with [[couponCode]]: [[shopUrl]] ${STOP.en}`,
          },
          email: {
            subject: 'It has been a while: [[offer]] for you',
            heading: `We miss you, ${NAME.en}`,
            lines: [
              'A lot has changed since your last visit: new arrivals, new favourites.',
              'Come and have a look. With the code [[couponCode]] you get [[offer]] on your next order.',
            ],
            button: { text: 'See what is new', url: '[[shopUrl]]' },
          },
        },
        zh: {
          push: { title: `${NAME.zh}，好久不见`, body: '为您准备了[[offer]]，优惠码[[couponCode]]，来看看新品吧。' },
          sms: { text: `【[[brand]]】好久不见！送您[[offer]]，优惠码[[couponCode]]：[[shopUrl]] ${STOP.zh}` },
          email: {
            subject: '好久不见，送您[[offer]]',
            heading: `${NAME.zh}，我们想念您`,
            lines: ['自您上次光临，我们上架了许多新品。', '使用优惠码[[couponCode]]，下次下单即享[[offer]]。'],
            button: { text: '去看看', url: '[[shopUrl]]' },
          },
        },
      },
    },
  },
  plan: {
    kind: 'campaign',
    draft: {
      audience: { segmentId: '[[segment.lapsed]]' },
      templateId: '[[template.offer]]',
      channelPolicy: ['email', 'push', 'sms'],
      topic: '[[topic]]',
      sendTime: { best: { within: { days: 1 } } },
      deadline: { days: 3 },
    },
  },
};
