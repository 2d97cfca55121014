;; Finds the rules that an event matches in the index of its type. layout.ts says what is where in the memory; open-index.ts
;; writes the event's classes and reads the result. It is WebAssembly because the same steps in JavaScript take more than
;; twice as long (docs/decisions/0006): no bounds are checked, eight candidates are compared at a time, and integers of 16
;; bits keep what is looked at in the caches.
;; scripts/assemble-kernel.ts makes kernel-bytes.ts of it.
(module
  (import "index" "memory" (memory 1))

  ;; $met: the address behind the runs that are written already. $event: not 0, and another number for each event.
  ;; Result: how many rules were found.
  (func (export "match") (param $met i32) (param $event i32) (result i32)
    (local $at i32) (local $end i32) (local $class i32) (local $n i32)
    (local $class_at i32) (local $value f64) (local $key i32) (local $first i32) (local $last i32) (local $steps i32)
    (local $numbers i32) (local $middle i32)
    (local $table i32) (local $run i32) (local $from i32) (local $left i32)
    (local $candidates i32) (local $shuffles i32) (local $mask i32) (local $half i32) (local $passed i32)
    (local $tail i32) (local $found i32) (local $rest i32) (local $stamp i32) (local $holds i32) (local $check i32)

    ;; 1. Numbers become classes: that of the first number, and twice the place among the numbers mentioned, and one more
    ;; where it equals one.
    (local.set $at (i32.load (i32.const 0)))
    (local.set $end (i32.load (i32.const 4)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $class_at (i32.load (local.get $at)))
      (if (i32.eq (i32.load (local.get $class_at)) (i32.const -1)) (then
        ;; The key as in grid.ts. Keys beyond the ends count as the ends. -0 has the key before that of 0, from where the steps
        ;; lead to the same number.
        (local.set $value (f64.load (i32.load offset=4 (local.get $at))))
        (local.set $key (i32.wrap_i64 (i64.shr_u (i64.reinterpret_f64 (local.get $value)) (i64.const 32))))
        (local.set $key (i32.xor (local.get $key)
          (i32.and (i32.shr_s (local.get $key) (i32.const 31)) (i32.const 0x7fffffff))))
        (local.set $first (i32.load offset=12 (local.get $at)))
        (local.set $last (i32.load offset=16 (local.get $at)))
        (local.set $key (select (local.get $first) (local.get $key) (i32.lt_s (local.get $key) (local.get $first))))
        (local.set $key (select (local.get $last) (local.get $key) (i32.gt_s (local.get $key) (local.get $last))))
        ;; From here on the address of the cell's start.
        (local.set $key (i32.add (i32.load offset=24 (local.get $at)) (i32.shl
          (i32.shr_u (i32.sub (local.get $key) (local.get $first)) (i32.load offset=20 (local.get $at))) (i32.const 2))))
        (local.set $numbers (i32.load offset=28 (local.get $at)))
        (local.set $n (i32.load (local.get $key)))
        (local.set $steps (i32.load offset=32 (local.get $at)))
        (if (i32.le_u (local.get $steps) (i32.const 4)) (then
          ;; As many steps as the fullest cell has numbers: the same for all events, so that no branch is unforeseen. A step
          ;; too many does nothing, because what follows is not less than the value: behind the last number is NaN.
          (loop $step
            (local.set $n (i32.add (local.get $n) (f64.lt
              (f64.load (i32.add (local.get $numbers) (i32.shl (local.get $n) (i32.const 3)))) (local.get $value))))
            (br_if $step (local.tee $steps (i32.sub (local.get $steps) (i32.const 1))))))
        (else
          (local.set $last (i32.load offset=4 (local.get $key)))
          (block $narrowed (loop $halve
            (br_if $narrowed (i32.ge_u (local.get $n) (local.get $last)))
            (local.set $middle (i32.shr_u (i32.add (local.get $n) (local.get $last)) (i32.const 1)))
            (if (f64.lt (f64.load (i32.add (local.get $numbers) (i32.shl (local.get $middle) (i32.const 3))))
                (local.get $value))
              (then (local.set $n (i32.add (local.get $middle) (i32.const 1))))
              (else (local.set $last (local.get $middle))))
            (br $halve)))))
        (i32.store (local.get $class_at) (i32.add (i32.load offset=8 (local.get $at))
          (i32.add (i32.shl (local.get $n) (i32.const 1)) (f64.eq
            (f64.load (i32.add (local.get $numbers) (i32.shl (local.get $n) (i32.const 3)))) (local.get $value)))))))
      (local.set $at (i32.add (local.get $at) (i32.const 36)))
      (br $next)))

    ;; 2. Writes the runs of candidates that the classes lead to. Each is written, and stays where it is not empty.
    ;; Runs by class.
    (local.set $at (i32.load (i32.const 8)))
    (local.set $end (i32.load (i32.const 12)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $class (i32.load (i32.load (local.get $at))))
      (local.set $table (i32.load offset=4 (local.get $at)))
      (local.set $run (i32.add (local.get $table) (i32.shl (local.get $class) (i32.const 3))))
      (i64.store (local.get $met) (i64.load (local.get $run)))
      (local.set $met (i32.add (local.get $met)
        (i32.shl (i32.lt_u (i32.load (local.get $run)) (i32.load offset=4 (local.get $run))) (i32.const 3))))
      ;; And of the prefixes that begin a text. The first text has class 5.
      (block $top (loop $climb
        (local.set $class (i32.sub (local.get $class) (i32.const 5)))
        (br_if $top (i32.ge_u (local.get $class) (i32.load offset=12 (local.get $at))))
        (local.set $class (i32.load (i32.add (i32.load offset=8 (local.get $at)) (i32.shl (local.get $class) (i32.const 2)))))
        (br_if $top (i32.eqz (local.get $class)))
        (i64.store (local.get $met) (i64.load (i32.add (local.get $table) (i32.shl (local.get $class) (i32.const 3)))))
        (local.set $met (i32.add (local.get $met) (i32.const 8)))
        (br $climb)))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br $next)))
    ;; Ladders.
    (local.set $at (i32.load (i32.const 16)))
    (local.set $end (i32.load (i32.const 20)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $class (i32.sub (i32.load (i32.load (local.get $at))) (i32.load offset=4 (local.get $at))))
      (if (i32.ge_s (local.get $class) (i32.const 0)) (then
        (local.set $from (i32.load offset=8 (local.get $at)))
        (local.set $n (i32.load (i32.add (i32.load offset=12 (local.get $at)) (i32.shl (local.get $class) (i32.const 2)))))
        (i32.store (local.get $met) (local.get $from))
        (i32.store offset=4 (local.get $met) (local.get $n))
        (local.set $met (i32.add (local.get $met) (i32.shl (i32.lt_u (local.get $from) (local.get $n)) (i32.const 3))))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br $next)))
    ;; What any value meets, and what every event does.
    (local.set $at (i32.load (i32.const 24)))
    (local.set $end (i32.load (i32.const 28)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (i64.store (local.get $met) (i64.load offset=4 (local.get $at)))
      (local.set $met (i32.add (local.get $met)
        (i32.shl (i32.ne (i32.load (i32.load (local.get $at))) (i32.const 0)) (i32.const 3))))
      (local.set $at (i32.add (local.get $at) (i32.const 12)))
      (br $next)))
    (i64.store (local.get $met) (i64.load (i32.const 32)))
    (local.set $met (i32.add (local.get $met)
      (i32.shl (i32.lt_u (i32.load (i32.const 32)) (i32.load (i32.const 36))) (i32.const 3))))

    ;; 3. Keeps the tails of the candidates of these runs whose two checks hold, eight candidates at a time, without a branch
    ;; for each, whose way nobody could guess.
    (local.set $run (i32.load (i32.const 48)))
    (local.set $passed (i32.load (i32.const 44)))
    (local.set $candidates (i32.load (i32.const 56)))
    (local.set $shuffles (i32.load (i32.const 60)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $run) (local.get $met)))
      (local.set $from (i32.load (local.get $run)))
      ;; How many candidates the run has from the beginning of the group, and which of the eight are in it.
      (local.set $left (i32.sub (i32.load offset=4 (local.get $run)) (i32.and (local.get $from) (i32.const -8))))
      (local.set $mask (i32.shl (i32.const -1) (i32.and (local.get $from) (i32.const 7))))
      (local.set $at (i32.add (local.get $candidates) (i32.shl (i32.shr_u (local.get $from) (i32.const 3)) (i32.const 7))))
      (loop $group
        (local.set $mask (i32.and (i32.and (local.get $mask)
            (select (i32.const -1) (i32.sub (i32.shl (i32.const 1) (local.get $left)) (i32.const 1))
              (i32.ge_s (local.get $left) (i32.const 8))))
          (i16x8.bitmask (v128.and
            (i16x8.le_u
              (i16x8.sub
                (v128.load16_lane offset=72 7 (i32.load16_u offset=14 (local.get $at))
          (v128.load16_lane offset=72 6 (i32.load16_u offset=12 (local.get $at))
          (v128.load16_lane offset=72 5 (i32.load16_u offset=10 (local.get $at))
          (v128.load16_lane offset=72 4 (i32.load16_u offset=8 (local.get $at))
          (v128.load16_lane offset=72 3 (i32.load16_u offset=6 (local.get $at))
          (v128.load16_lane offset=72 2 (i32.load16_u offset=4 (local.get $at))
          (v128.load16_lane offset=72 1 (i32.load16_u offset=2 (local.get $at))
          (v128.load16_lane offset=72 0 (i32.load16_u offset=0 (local.get $at)) (v128.const i64x2 0 0)))))))))
                (v128.load offset=16 (local.get $at)))
              (v128.load offset=32 (local.get $at)))
            (i16x8.le_u
              (i16x8.sub
                (v128.load16_lane offset=72 7 (i32.load16_u offset=62 (local.get $at))
          (v128.load16_lane offset=72 6 (i32.load16_u offset=60 (local.get $at))
          (v128.load16_lane offset=72 5 (i32.load16_u offset=58 (local.get $at))
          (v128.load16_lane offset=72 4 (i32.load16_u offset=56 (local.get $at))
          (v128.load16_lane offset=72 3 (i32.load16_u offset=54 (local.get $at))
          (v128.load16_lane offset=72 2 (i32.load16_u offset=52 (local.get $at))
          (v128.load16_lane offset=72 1 (i32.load16_u offset=50 (local.get $at))
          (v128.load16_lane offset=72 0 (i32.load16_u offset=48 (local.get $at)) (v128.const i64x2 0 0)))))))))
                (v128.load offset=64 (local.get $at)))
              (v128.load offset=80 (local.get $at)))))))
        ;; Moves the tails that stay side by side, four by four: for each way in which some of four stay there is an order of
        ;; their bytes. What is written behind them is overwritten by the next.
        (local.set $half (i32.and (local.get $mask) (i32.const 0x0f)))
        (v128.store (local.get $passed) (i8x16.swizzle (v128.load offset=96 (local.get $at))
          (v128.load (i32.add (local.get $shuffles) (i32.shl (local.get $half) (i32.const 4))))))
        (local.set $passed (i32.add (local.get $passed) (i32.shl (i32.popcnt (local.get $half)) (i32.const 2))))
        (local.set $half (i32.and (local.get $mask) (i32.const 0xf0)))
        (v128.store (local.get $passed) (i8x16.swizzle (v128.load offset=112 (local.get $at))
          (v128.load (i32.add (local.get $shuffles) (local.get $half)))))
        (local.set $passed (i32.add (local.get $passed) (i32.shl (i32.popcnt (local.get $half)) (i32.const 2))))
        (local.set $mask (i32.const -1))
        (local.set $at (i32.add (local.get $at) (i32.const 128)))
        (br_if $group (i32.gt_s (local.tee $left (i32.sub (local.get $left) (i32.const 8))) (i32.const 0))))
      (local.set $run (i32.add (local.get $run) (i32.const 8)))
      (br $next)))

    ;; 4. Tells the rules of those without a rest, and keeps the others. Both places are written, and one of them goes on.
    (local.set $end (local.get $passed))
    (local.set $at (i32.load (i32.const 44)))
    (local.set $passed (local.get $at))
    (local.set $found (i32.load (i32.const 40)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $tail (i32.load (local.get $at)))
      (i32.store (local.get $found) (local.get $tail))
      (i32.store (local.get $passed) (local.get $tail))
      (local.set $n (i32.shl (i32.shr_u (local.get $tail) (i32.const 31)) (i32.const 2)))
      (local.set $found (i32.sub (i32.add (local.get $found) (i32.const 4)) (local.get $n)))
      (local.set $passed (i32.add (local.get $passed) (local.get $n)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br $next)))

    ;; 5. Tells the rules whose rest holds: the bit check and the check, and that no other candidate led to the rule before.
    (local.set $end (local.get $passed))
    (local.set $at (i32.load (i32.const 44)))
    (local.set $passed (local.get $at))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $tail (i32.load (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (local.set $rest (i32.and (local.get $tail) (i32.const 0x3fffffff)))
      (local.set $class (i32.load (i32.load offset=4 (local.get $rest))))
      (local.set $stamp (i32.load offset=24 (local.get $rest)))
      (local.set $holds (i32.and
        (i32.and
          (i32.shr_u
            (i32.load8_u (i32.add (i32.load offset=8 (local.get $rest)) (i32.shr_u (local.get $class) (i32.const 3))))
            (i32.and (local.get $class) (i32.const 7)))
          (i32.ne (i32.load (local.get $stamp)) (local.get $event)))
        (i32.le_u
          (i32.sub (i32.load (i32.load offset=12 (local.get $rest))) (i32.load offset=16 (local.get $rest)))
          (i32.load offset=20 (local.get $rest)))))
      ;; Few have still more.
      (if (i32.ge_u (local.get $tail) (i32.const 0xc0000000)) (then
        (br_if $next (i32.eqz (local.get $holds)))
        (local.set $check (i32.add (local.get $rest) (i32.const 44)))
        (local.set $left (i32.load offset=32 (local.get $rest)))
        (block $checked (loop $more
          (br_if $checked (i32.ge_u (local.get $check) (local.get $left)))
          (br_if $next (i32.gt_u
            (i32.sub (i32.load (i32.load (local.get $check))) (i32.load offset=4 (local.get $check)))
            (i32.load offset=8 (local.get $check))))
          (local.set $check (i32.add (local.get $check) (i32.const 12)))
          (br $more)))
        (local.set $left (i32.load offset=36 (local.get $rest)))
        (block $checked (loop $more
          (br_if $checked (i32.ge_u (local.get $check) (local.get $left)))
          (local.set $class (i32.load (i32.load (local.get $check))))
          (br_if $next (i32.eqz (i32.and (i32.const 1) (i32.shr_u
            (i32.load8_u (i32.add (i32.load offset=4 (local.get $check)) (i32.shr_u (local.get $class) (i32.const 3))))
            (i32.and (local.get $class) (i32.const 7))))))
          (local.set $check (i32.add (local.get $check) (i32.const 8)))
          (br $more)))
        ;; Opaque conditions are left for the caller. The rest takes the place of a tail that was looked at.
        (if (i32.load offset=40 (local.get $rest)) (then
          (i32.store (local.get $passed) (local.get $rest))
          (local.set $passed (i32.add (local.get $passed) (i32.const 4)))
          (br $next)))))
      (i32.store (local.get $stamp) (select (local.get $event) (i32.load (local.get $stamp)) (local.get $holds)))
      (i32.store (local.get $found) (i32.load (local.get $rest)))
      (local.set $found (i32.add (local.get $found) (i32.shl (local.get $holds) (i32.const 2))))
      (br $next)))
    (i32.store (i32.const 52) (i32.shr_u (i32.sub (local.get $passed) (i32.load (i32.const 44))) (i32.const 2)))
    (i32.shr_u (i32.sub (local.get $found) (i32.load (i32.const 40))) (i32.const 2))))
