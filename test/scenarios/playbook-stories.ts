/** What somebody did, by hours since the playbooks were started (before that: negative), with properties unlike the examples. */
type Did = { hour: number; event: string; [property: string]: unknown };
type Story = { did: Did[]; gets: string[]; locale?: string; attributes?: Record<string, string> };

/** By playbook: people it is for, and people whom it should leave alone; the subjects of the emails that each gets. */
export const PLAYBOOK_STORIES: { playbook: string; people: Record<string, Story> }[] = [
  {
    playbook: 'lead-nurturing',
    people: {
      reader: {
        did: [{ hour: 0, event: 'leadCreated' }],
        gets: ['Your guide is here', 'How others have done it', 'Shall we talk for 20 minutes?'],
      },
      asker: {
        did: [
          { hour: 0, event: 'leadCreated' },
          { hour: 24, event: 'demoRequested' },
        ],
        gets: ['Your guide is here'],
      },
    },
  },
  {
    playbook: 'welcome',
    people: {
      newcomer: { did: [{ hour: 0, event: 'signedUp' }], gets: ['Welcome to Luma', '10% off on your first order'] },
      wang: { did: [{ hour: 0, event: 'signedUp' }], gets: ['欢迎加入Luma', '首单专享九折优惠'], locale: 'zh-CN' },
      starter: {
        did: [
          { hour: 0, event: 'signedUp' },
          { hour: 24, event: 'orderPlaced' },
        ],
        gets: ['Welcome to Luma'],
      },
    },
  },
  {
    playbook: 'activation',
    people: {
      idler: {
        did: [{ hour: 0, event: 'signedUp' }],
        gets: ['You are almost set up', 'Can we help you get started?'],
      },
      doer: {
        did: [
          { hour: 0, event: 'signedUp' },
          { hour: 36, event: 'activated' },
        ],
        gets: ['You are almost set up'],
      },
    },
  },
  {
    playbook: 'browse-abandonment',
    people: {
      looker: {
        did: [
          { hour: 0, event: 'productViewed' },
          { hour: 24, event: 'productViewed' },
        ],
        gets: ['Still thinking about it?'],
      },
      taker: {
        did: [
          { hour: 0, event: 'productViewed' },
          { hour: 1, event: 'cartUpdated' },
        ],
        gets: [],
      },
    },
  },
  {
    playbook: 'cart-abandonment',
    people: {
      leaver: {
        did: [{ hour: 0, event: 'cartUpdated' }],
        gets: ['You left something behind', '10% off on what is in your cart'],
      },
      orderer: {
        did: [
          { hour: 0, event: 'cartUpdated' },
          { hour: 6, event: 'orderPlaced' },
        ],
        gets: ['You left something behind'],
      },
      miser: { did: [{ hour: 0, event: 'cartUpdated', total: 3 }], gets: [] },
    },
  },
  {
    playbook: 'payment-reminder',
    people: {
      debtor: { did: [{ hour: 0, event: 'orderPlaced' }], gets: ['Order A-1024: one step to go'] },
      payer: {
        did: [
          { hour: 0, event: 'orderPlaced' },
          { hour: 0.25, event: 'orderPaid' },
        ],
        gets: [],
      },
    },
  },
  {
    playbook: 'coupon-expiry',
    people: {
      saver: { did: [{ hour: 0, event: 'couponIssued' }], gets: ['Your coupon LUMA10 expires soon'] },
      redeemer: {
        did: [
          { hour: 0, event: 'couponIssued' },
          { hour: 24, event: 'couponRedeemed' },
        ],
        gets: [],
      },
    },
  },
  {
    playbook: 'price-drop',
    people: {
      watcher: { did: [{ hour: 0, event: 'priceDropped' }], gets: ['Price drop: Linen shirt for $39.00'] },
      unmoved: { did: [{ hour: 0, event: 'priceDropped', percentOff: 2 }], gets: [] },
    },
  },
  {
    playbook: 'back-in-stock',
    people: { waiter: { did: [{ hour: 0, event: 'restocked' }], gets: ['Back in stock: Linen shirt'] } },
  },
  {
    playbook: 'post-purchase',
    people: {
      keeper: {
        did: [{ hour: 0, event: 'orderDelivered' }],
        gets: ['Thank you for your order', 'Goes well with what you have'],
      },
      returner: {
        did: [
          { hour: 0, event: 'orderDelivered' },
          { hour: 1, event: 'orderReturned' },
        ],
        gets: [],
      },
    },
  },
  {
    playbook: 'review-request',
    people: {
      quiet: { did: [{ hour: 0, event: 'orderDelivered' }], gets: ['How do you like Linen shirt?'] },
      critic: {
        did: [
          { hour: 0, event: 'orderDelivered' },
          { hour: 24, event: 'reviewPosted' },
        ],
        gets: [],
      },
    },
  },
  {
    playbook: 'repurchase',
    people: {
      empty: {
        did: [{ hour: -24 * 40, event: 'orderPlaced' }],
        gets: ['Running low?', 'Your usual, or something new?'],
      },
      stocked: { did: [{ hour: -24, event: 'orderPlaced' }], gets: [] },
      refiller: {
        did: [
          { hour: -24 * 40, event: 'orderPlaced' },
          { hour: 24, event: 'orderPlaced' },
        ],
        gets: ['Running low?'],
      },
    },
  },
  {
    playbook: 'spend-threshold',
    people: {
      spender: {
        did: [
          { hour: 0, event: 'orderPlaced', total: 500 },
          { hour: 1, event: 'orderPlaced', total: 499.5 },
        ],
        gets: ['You have earned 10% off'],
      },
      sparing: { did: [{ hour: 0, event: 'orderPlaced', total: 998 }], gets: [] },
    },
  },
  {
    playbook: 'birthday',
    people: {
      scorpio: { did: [], gets: ['Happy birthday! A present for you'], attributes: { birthday: '1990-11-22' } },
      gemini: { did: [], gets: [], attributes: { birthday: '1990-06-01' } },
    },
  },
  {
    playbook: 'churn-rescue',
    people: {
      doubter: {
        did: [],
        gets: ['What could we do better?', '10% off, just for you'],
        attributes: { churn_band: 'high' },
      },
      stayer: {
        did: [{ hour: 24, event: 'orderPlaced' }],
        gets: ['What could we do better?'],
        attributes: { churn_band: 'high' },
      },
      fan: { did: [], gets: [], attributes: { churn_band: 'low' } },
    },
  },
  {
    playbook: 'win-back',
    people: {
      lapsed: { did: [{ hour: -24 * 200, event: 'orderPlaced' }], gets: ['It has been a while: 10% off for you'] },
      loyal: {
        did: [
          { hour: -24 * 200, event: 'orderPlaced' },
          { hour: -24, event: 'orderPlaced' },
        ],
        gets: [],
      },
    },
  },
  {
    playbook: 'sunset',
    people: {
      silent: { did: [{ hour: -24 * 200, event: 'visited' }], gets: ['Do you still want to hear from us?'] },
      returned: {
        did: [
          { hour: -24 * 200, event: 'visited' },
          { hour: 48, event: 'visited' },
        ],
        gets: ['Do you still want to hear from us?'],
      },
      regular: { did: [{ hour: -24, event: 'visited' }], gets: [] },
    },
  },
];
