/**
 * Time zones of North American phone numbers, by the three digits after +1. Only area codes that lie in one zone are listed;
 * what is not (split ones, new ones, 800 numbers) may be anywhere in the United States. Compared with
 * the zones that Google's libphonenumber gives (resources/timezones/map_data.txt): they agree but for 689, which lies over
 * Orlando's 407, and 679, over Detroit's 313, which is newer.
 */
const SINGLE: Record<string, string> = {
  'America/New_York':
    '201 202 203 207 212 215 216 220 223 227 229 231 234 239 240 248 252 260 267 272 276 301 302 304 305 313 315 317 321 330 332 336 339 347 351 352 380 386 401 404 407 410 412 413 419 434 440 443 445 463 470 475 478 484 502 508 513 516 517 518 540 551 561 567 570 571 585 586 603 607 609 610 614 616 617 631 640 646 656 667 678 679 680 681 689 703 704 716 717 718 724 727 732 734 740 743 754 757 762 770 771 772 774 781 786 802 803 804 810 813 814 828 838 843 845 848 854 856 857 859 860 862 863 864 865 878 904 908 910 912 914 917 919 929 934 937 941 947 948 954 959 973 978 980 984 989',
  'America/Chicago':
    '205 210 214 217 218 224 225 228 251 254 256 262 281 309 312 314 316 318 319 320 331 334 337 346 361 402 405 409 414 417 430 447 469 479 501 504 507 512 515 531 534 539 563 573 601 608 612 615 618 629 630 636 641 651 659 660 662 682 708 712 713 715 726 731 737 763 769 773 779 806 815 816 817 830 832 847 870 872 901 903 913 918 920 936 938 940 945 952 956 972 979 985',
  'America/Denver': '303 307 385 406 435 505 575 719 720 801 970 983',
  'America/Phoenix': '480 520 602 623',
  'America/Los_Angeles':
    '206 209 213 253 279 310 323 341 360 408 415 424 425 442 503 509 510 530 559 562 564 619 626 628 650 657 661 669 702 707 714 725 747 760 805 818 820 831 840 858 909 916 925 949 951 971',
  'Pacific/Honolulu': '808',
  'America/Puerto_Rico': '787 939 340',
  'Pacific/Guam': '671 670',
  'Pacific/Pago_Pago': '684',
};

/** Canada, and countries of the Caribbean: +1 too, and another law. */
const ABROAD = new Set(
  '204 226 236 249 250 257 263 289 306 343 354 365 367 368 382 387 403 416 418 428 431 437 438 450 460 468 474 506 514 519 537 548 568 579 581 584 587 604 613 639 647 672 683 705 709 742 753 778 780 782 807 819 825 867 873 879 902 905 942 242 246 264 268 284 345 441 473 649 658 664 721 758 767 784 809 829 849 868 869 876'.split(
    ' ',
  ),
);

const ZONES = new Map(
  Object.entries(SINGLE).flatMap(([zone, codes]) => codes.split(' ').map((code) => [code, [zone]] as const)),
);

/** Between these two lies every state. */
const ANYWHERE = ['America/New_York', 'Pacific/Honolulu'] as const;

/**
 * Zones in which somebody with this number (E.164) may be, going by the number alone; empty when it is not one of the United
 * States. A number that was taken along to another state says the wrong one: a profile's time zone says more.
 */
export const usZonesOf = (phone: string): readonly string[] => {
  if (!phone.startsWith('+1')) return [];
  const area = phone.slice(2, 5);
  return ABROAD.has(area) ? [] : (ZONES.get(area) ?? ANYWHERE);
};
