;; Finds the rules that an event matches in the index of its type. layout.ts says what is where; open-index.ts writes the
;; event's classes and reads the result. It is WebAssembly because its loops take 1.3 to 3 ns for each candidate where
;; JavaScript takes 4 to 10: no bounds are checked, and 16-bit integers keep what is looked at within the caches.
(module
  (import "index" "memory" (memory 1))

  ;; met: where the runs end that are there already. event: another number for each event, not 0. Result: how many rules were found.
  (func (export "match") (param $met i32) (param $event i32) (result i32)
    (local $at i32) (local $end i32) (local $class i32) (local $slot i32) (local $key i32) (local $n i32) (local $steps i32)
    (local $value f64) (local $from i32) (local $to i32) (local $runs i32) (local $passed i32) (local $tail i32)
    (local $found i32) (local $left i32) (local $stop i32) (local $low i32) (local $high i32) (local $numbers i32)
    (local $mask i32) (local $candidates i32) (local $stamp i32) (local $shuffles i32) (local $rest i32) (local $holds i32)

    ;; 1. Numbers become classes: twice the place among the numbers mentioned, and one more where it equals one.
    (local.set $at (i32.load (i32.const 0)))
    (local.set $end (i32.load (i32.const 4)))
    (block $classified (loop $next
      (br_if $classified (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $slot (i32.load (local.get $at)))
      (if (i32.eq (i32.load (local.get $slot)) (i32.const -1)) (then
        ;; The key as in grid.ts; adding 0 makes -0 to 0. Keys beyond the ends count as the ends.
        (local.set $value (f64.add (f64.load (i32.load offset=4 (local.get $at))) (f64.const 0)))
        (local.set $key (i32.wrap_i64 (i64.shr_u (i64.reinterpret_f64 (local.get $value)) (i64.const 32))))
        (local.set $key (i32.xor (local.get $key)
          (i32.and (i32.shr_s (local.get $key) (i32.const 31)) (i32.const 0x7fffffff))))
        (local.set $low (i32.load offset=12 (local.get $at)))
        (local.set $high (i32.load offset=16 (local.get $at)))
        (local.set $key (select (local.get $low) (local.get $key) (i32.lt_s (local.get $key) (local.get $low))))
        (local.set $key (select (local.get $high) (local.get $key) (i32.gt_s (local.get $key) (local.get $high))))
        ;; Address of the cell's start.
        (local.set $key (i32.add (i32.load offset=24 (local.get $at))
          (i32.shl (i32.shr_u (i32.sub (local.get $key) (local.get $low)) (i32.load offset=20 (local.get $at))) (i32.const 2))))
        (local.set $numbers (i32.load offset=28 (local.get $at)))
        (local.set $n (i32.load (local.get $key)))
        (local.set $steps (i32.load offset=32 (local.get $at)))
        (if (i32.le_u (local.get $steps) (i32.const 4)) (then
          ;; As many steps as the fullest cell has numbers: the same for all events, so that no branch is unforeseen. A
          ;; step too many does nothing, for what follows is not less than the value: the last is NaN.
          (loop $step
            (local.set $n (i32.add (local.get $n) (f64.lt
              (f64.load (i32.add (local.get $numbers) (i32.shl (local.get $n) (i32.const 3)))) (local.get $value))))
            (br_if $step (local.tee $steps (i32.sub (local.get $steps) (i32.const 1))))))
        (else
          (local.set $high (i32.load offset=4 (local.get $key)))
          (block $done (loop $halve
            (br_if $done (i32.ge_u (local.get $n) (local.get $high)))
            (local.set $low (i32.shr_u (i32.add (local.get $n) (local.get $high)) (i32.const 1)))
            (if (f64.lt (f64.load (i32.add (local.get $numbers) (i32.shl (local.get $low) (i32.const 3)))) (local.get $value))
              (then (local.set $n (i32.add (local.get $low) (i32.const 1))))
              (else (local.set $high (local.get $low))))
            (br $halve)))))
        (i32.store (local.get $slot) (i32.add (i32.load offset=8 (local.get $at))
          (i32.add (i32.shl (local.get $n) (i32.const 1)) (f64.eq
            (f64.load (i32.add (local.get $numbers) (i32.shl (local.get $n) (i32.const 3)))) (local.get $value)))))))
      (local.set $at (i32.add (local.get $at) (i32.const 36)))
      (br $next)))

    ;; 2. The runs of candidates that the classes lead to. Each is written, and stays where it is not empty.
    (local.set $at (i32.load (i32.const 8)))
    (local.set $end (i32.load (i32.const 12)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $class (i32.load (i32.load (local.get $at))))
      (local.set $runs (i32.load offset=4 (local.get $at)))
      (local.set $from (i32.add (local.get $runs) (i32.shl (local.get $class) (i32.const 3))))
      (i64.store (local.get $met) (i64.load (local.get $from)))
      (local.set $met (i32.add (local.get $met)
        (i32.shl (i32.lt_u (i32.load (local.get $from)) (i32.load offset=4 (local.get $from))) (i32.const 3))))
      ;; Texts are also begun by shorter prefixes; the first text has class 5.
      (local.set $class (i32.sub (local.get $class) (i32.const 5)))
      (block $top (loop $climb
        (br_if $top (i32.ge_u (local.get $class) (i32.load offset=12 (local.get $at))))
        (local.set $class (i32.load (i32.add (i32.load offset=8 (local.get $at)) (i32.shl (local.get $class) (i32.const 2)))))
        (br_if $top (i32.eqz (local.get $class)))
        (i64.store (local.get $met) (i64.load (i32.add (local.get $runs) (i32.shl (local.get $class) (i32.const 3)))))
        (local.set $met (i32.add (local.get $met) (i32.const 8)))
        (local.set $class (i32.sub (local.get $class) (i32.const 5)))
        (br $climb)))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br $next)))
    (local.set $at (i32.load (i32.const 16)))
    (local.set $end (i32.load (i32.const 20)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $class (i32.sub (i32.load (i32.load (local.get $at))) (i32.load offset=4 (local.get $at))))
      (if (i32.ge_s (local.get $class) (i32.const 0)) (then
        (local.set $from (i32.load offset=8 (local.get $at)))
        (local.set $to (i32.load (i32.add (i32.load offset=12 (local.get $at)) (i32.shl (local.get $class) (i32.const 2)))))
        (i32.store (local.get $met) (local.get $from))
        (i32.store offset=4 (local.get $met) (local.get $to))
        (local.set $met (i32.add (local.get $met) (i32.shl (i32.lt_u (local.get $from) (local.get $to)) (i32.const 3))))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br $next)))
    (local.set $at (i32.load (i32.const 24)))
    (local.set $end (i32.load (i32.const 28)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (i64.store (local.get $met) (i64.load offset=4 (local.get $at)))
      (local.set $met (i32.add (local.get $met)
        (i32.shl (i32.gt_s (i32.load (i32.load (local.get $at))) (i32.const 0)) (i32.const 3))))
      (local.set $at (i32.add (local.get $at) (i32.const 12)))
      (br $next)))
    (i64.store (local.get $met) (i64.load (i32.const 32)))
    (local.set $met (i32.add (local.get $met)
      (i32.shl (i32.lt_u (i32.load (i32.const 32)) (i32.load (i32.const 36))) (i32.const 3))))

    ;; 3. Keeps the tails of the candidates whose two checks hold, eight candidates at a time.
    (local.set $passed (i32.load (i32.const 44)))
    (local.set $runs (i32.load (i32.const 56)))
    (local.set $candidates (i32.load (i32.const 60)))
    (local.set $shuffles (i32.load (i32.const 96)))
    (block $done (loop $run
      (br_if $done (i32.ge_u (local.get $runs) (local.get $met)))
      (local.set $from (i32.load (local.get $runs)))
      ;; How many candidates there are from the beginning of the group, and which of its eight come first.
      (local.set $left (i32.sub (i32.load offset=4 (local.get $runs)) (i32.and (local.get $from) (i32.const -8))))
      (local.set $mask (i32.shl (i32.const -1) (i32.and (local.get $from) (i32.const 7))))
      (local.set $at (i32.add (local.get $candidates) (i32.shl (i32.shr_u (local.get $from) (i32.const 3)) (i32.const 7))))
      (loop $group
        (local.set $mask (i32.and (local.get $mask) (i32.and
          (select (i32.const -1) (i32.sub (i32.shl (i32.const 1) (local.get $left)) (i32.const 1))
            (i32.ge_u (local.get $left) (i32.const 8)))
          (i16x8.bitmask (v128.and
            (i16x8.le_u (i16x8.sub (v128.load16_lane offset=112 7 (i32.load16_u offset=14 (local.get $at))
              (v128.load16_lane offset=112 6 (i32.load16_u offset=12 (local.get $at))
              (v128.load16_lane offset=112 5 (i32.load16_u offset=10 (local.get $at))
              (v128.load16_lane offset=112 4 (i32.load16_u offset=8 (local.get $at))
              (v128.load16_lane offset=112 3 (i32.load16_u offset=6 (local.get $at))
              (v128.load16_lane offset=112 2 (i32.load16_u offset=4 (local.get $at))
              (v128.load16_lane offset=112 1 (i32.load16_u offset=2 (local.get $at))
              (v128.load16_lane offset=112 0 (i32.load16_u offset=0 (local.get $at))
              (v128.const i64x2 0 0))))))))) (v128.load offset=16 (local.get $at))) (v128.load offset=32 (local.get $at)))
            (i16x8.le_u (i16x8.sub (v128.load16_lane offset=112 7 (i32.load16_u offset=62 (local.get $at))
              (v128.load16_lane offset=112 6 (i32.load16_u offset=60 (local.get $at))
              (v128.load16_lane offset=112 5 (i32.load16_u offset=58 (local.get $at))
              (v128.load16_lane offset=112 4 (i32.load16_u offset=56 (local.get $at))
              (v128.load16_lane offset=112 3 (i32.load16_u offset=54 (local.get $at))
              (v128.load16_lane offset=112 2 (i32.load16_u offset=52 (local.get $at))
              (v128.load16_lane offset=112 1 (i32.load16_u offset=50 (local.get $at))
              (v128.load16_lane offset=112 0 (i32.load16_u offset=48 (local.get $at))
              (v128.const i64x2 0 0))))))))) (v128.load offset=64 (local.get $at))) (v128.load offset=80 (local.get $at))))))))
        ;; Moves the tails that stay side by side, four by four: for each way in which some of four stay there is an order of
        ;; their bytes at SHUFFLES. What is written behind them is overwritten by the next.
        (v128.store (local.get $passed) (i8x16.swizzle (v128.load offset=96 (local.get $at))
          (v128.load (i32.add (local.get $shuffles) (i32.shl (i32.and (local.get $mask) (i32.const 15)) (i32.const 4))))))
        (local.set $passed (i32.add (local.get $passed)
          (i32.shl (i32.popcnt (i32.and (local.get $mask) (i32.const 15))) (i32.const 2))))
        (v128.store (local.get $passed) (i8x16.swizzle (v128.load offset=112 (local.get $at))
          (v128.load (i32.add (local.get $shuffles) (i32.and (local.get $mask) (i32.const 0xf0))))))
        (local.set $passed (i32.add (local.get $passed)
          (i32.shl (i32.popcnt (i32.and (local.get $mask) (i32.const 0xf0))) (i32.const 2))))
        (local.set $mask (i32.const -1))
        (local.set $at (i32.add (local.get $at) (i32.const 128)))
        (br_if $group (i32.gt_s (local.tee $left (i32.sub (local.get $left) (i32.const 8))) (i32.const 0))))
      (local.set $runs (i32.add (local.get $runs) (i32.const 8)))
      (br $run)))

    ;; 4. Tells the rules of those whose rest holds: a bit check and a third check. What has no rest is looked up all the same,
    ;; in a record that passes: a branch, whose way nobody could guess, would cost more. Only what has still more is looked at
    ;; by itself, and a rule that several candidates may lead to, which is told once.
    (local.set $end (local.get $passed))
    (local.set $at (i32.load (i32.const 44)))
    (local.set $left (local.get $at))
    (local.set $found (i32.load (i32.const 40)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $tail (i32.load (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (local.set $rest (select (i32.const 64) (i32.and (local.get $tail) (i32.const 0x3fffffff))
        (i32.ge_s (local.get $tail) (i32.const 0))))
      (local.set $n (select (local.get $tail) (i32.load (local.get $rest)) (i32.ge_s (local.get $tail) (i32.const 0))))
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
      (if (i32.gt_u (local.get $tail) (i32.const 0xbfffffff)) (then
        (br_if $next (i32.eqz (local.get $holds)))
        (local.set $runs (i32.add (local.get $rest) (i32.const 44)))
        (local.set $stop (i32.load offset=32 (local.get $rest)))
        (block $checked (loop $check
          (br_if $checked (i32.ge_u (local.get $runs) (local.get $stop)))
          (br_if $next (i32.gt_u
            (i32.sub (i32.load (i32.load (local.get $runs))) (i32.load offset=4 (local.get $runs)))
            (i32.load offset=8 (local.get $runs))))
          (local.set $runs (i32.add (local.get $runs) (i32.const 12)))
          (br $check)))
        (local.set $stop (i32.load offset=36 (local.get $rest)))
        (block $checked (loop $check
          (br_if $checked (i32.ge_u (local.get $runs) (local.get $stop)))
          (local.set $class (i32.load (i32.load (local.get $runs))))
          (br_if $next (i32.eqz (i32.and (i32.const 1) (i32.shr_u
            (i32.load8_u (i32.add (i32.load offset=4 (local.get $runs)) (i32.shr_u (local.get $class) (i32.const 3))))
            (i32.and (local.get $class) (i32.const 7))))))
          (local.set $runs (i32.add (local.get $runs) (i32.const 8)))
          (br $check)))
        ;; What has opaque conditions is left for the caller. It takes the place of what was looked at.
        (if (i32.load offset=40 (local.get $rest)) (then
          (i32.store (local.get $left) (local.get $rest))
          (local.set $left (i32.add (local.get $left) (i32.const 4)))
          (br $next)))))
      ;; The stamp of NO_REST stays 0.
      (i32.store (local.get $stamp) (select (i32.const 0) (select (local.get $event) (i32.load (local.get $stamp)) (local.get $holds))
        (i32.ge_s (local.get $tail) (i32.const 0))))
      (i32.store (local.get $found) (local.get $n))
      (local.set $found (i32.add (local.get $found) (i32.shl (local.get $holds) (i32.const 2))))
      (br $next)))
    (i32.store (i32.const 52) (i32.shr_u (i32.sub (local.get $left) (i32.load (i32.const 44))) (i32.const 2)))
    (i32.shr_u (i32.sub (local.get $found) (i32.load (i32.const 40))) (i32.const 2))))
