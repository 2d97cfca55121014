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
      (local.set $from (i32.load (i32.add (local.get $runs) (i32.shl (local.get $class) (i32.const 2)))))
      (local.set $to (i32.load offset=4 (i32.add (local.get $runs) (i32.shl (local.get $class) (i32.const 2)))))
      (i32.store (local.get $met) (local.get $from))
      (i32.store offset=4 (local.get $met) (local.get $to))
      (local.set $met (i32.add (local.get $met) (i32.shl (i32.lt_u (local.get $from) (local.get $to)) (i32.const 3))))
      ;; Texts are also begun by shorter prefixes; the first text has class 5.
      (local.set $class (i32.sub (local.get $class) (i32.const 5)))
      (block $top (loop $climb
        (br_if $top (i32.ge_u (local.get $class) (i32.load offset=12 (local.get $at))))
        (local.set $class (i32.load (i32.add (i32.load offset=8 (local.get $at)) (i32.shl (local.get $class) (i32.const 2)))))
        (br_if $top (i32.eqz (local.get $class)))
        (i64.store (local.get $met) (i64.load (i32.add (local.get $runs) (i32.shl (local.get $class) (i32.const 2)))))
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

    ;; 3. Keeps the tails of the candidates whose two checks hold. The tail is written before it is known whether it stays:
    ;; a branch, whose way nobody could guess, would cost more.
    (local.set $passed (i32.load (i32.const 44)))
    (local.set $runs (i32.load (i32.const 56)))
    (block $done (loop $run
      (br_if $done (i32.ge_u (local.get $runs) (local.get $met)))
      (local.set $at (i32.load (local.get $runs)))
      (local.set $end (i32.load offset=4 (local.get $runs)))
      (loop $candidate
        (i32.store (local.get $passed) (i32.load offset=12 (local.get $at)))
        (local.set $passed (i32.add (local.get $passed) (i32.shl (i32.and
          (i32.le_u
            (i32.sub (i32.load offset=64 (i32.load16_u (local.get $at))) (i32.load16_u offset=2 (local.get $at)))
            (i32.load16_s offset=4 (local.get $at)))
          (i32.le_u
            (i32.sub (i32.load offset=64 (i32.load16_u offset=6 (local.get $at))) (i32.load16_u offset=8 (local.get $at)))
            (i32.load16_s offset=10 (local.get $at)))) (i32.const 2))))
        (br_if $candidate (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
      (local.set $runs (i32.add (local.get $runs) (i32.const 8)))
      (br $run)))

    ;; 4. Tells the rules of those that have no rest, and looks at the rests of the others. What has opaque conditions is
    ;; left for the caller; it takes the place of what was looked at.
    (local.set $end (local.get $passed))
    (local.set $at (i32.load (i32.const 44)))
    (local.set $left (local.get $at))
    (local.set $found (i32.load (i32.const 40)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $tail (i32.load (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (if (i32.ge_s (local.get $tail) (i32.const 0)) (then
        (i32.store (local.get $found) (local.get $tail))
        (local.set $found (i32.add (local.get $found) (i32.const 4)))
        (br $next)))
      (local.set $tail (i32.and (local.get $tail) (i32.const 0x7fffffff)))
      (local.set $runs (i32.add (local.get $tail) (i32.const 16)))
      (local.set $stop (i32.load offset=4 (local.get $tail)))
      (block $checked (loop $check
        (br_if $checked (i32.ge_u (local.get $runs) (local.get $stop)))
        (br_if $next (i32.gt_u
          (i32.sub (i32.load (i32.load (local.get $runs))) (i32.load offset=4 (local.get $runs)))
          (i32.load offset=8 (local.get $runs))))
        (local.set $runs (i32.add (local.get $runs) (i32.const 12)))
        (br $check)))
      (local.set $stop (i32.load offset=8 (local.get $tail)))
      (block $checked (loop $check
        (br_if $checked (i32.ge_u (local.get $runs) (local.get $stop)))
        (local.set $class (i32.load (i32.load (local.get $runs))))
        (br_if $next (i32.eqz (i32.and (i32.const 1) (i32.shr_u
          (i32.load8_u (i32.add (i32.load offset=4 (local.get $runs)) (i32.shr_u (local.get $class) (i32.const 3))))
          (i32.and (local.get $class) (i32.const 7))))))
        (local.set $runs (i32.add (local.get $runs) (i32.const 8)))
        (br $check)))
      (if (i32.load offset=12 (local.get $tail)) (then
        (i32.store (local.get $left) (local.get $tail))
        (local.set $left (i32.add (local.get $left) (i32.const 4)))
        (br $next)))
      ;; Several candidates may lead to a rule, which is told once.
      (local.set $n (i32.load (local.get $tail)))
      (i32.store (local.get $found) (local.get $n))
      (local.set $n (i32.add (i32.load (i32.const 48)) (i32.shl (local.get $n) (i32.const 2))))
      (local.set $found (i32.add (local.get $found)
        (i32.shl (i32.ne (i32.load (local.get $n)) (local.get $event)) (i32.const 2))))
      (i32.store (local.get $n) (local.get $event))
      (br $next)))
    (i32.store (i32.const 52) (i32.shr_u (i32.sub (local.get $left) (i32.load (i32.const 44))) (i32.const 2)))
    (i32.shr_u (i32.sub (local.get $found) (i32.load (i32.const 40))) (i32.const 2))))
