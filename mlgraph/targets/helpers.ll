; Threads that help with long loops. A caller waits for those alone that have begun, never for one that has yet to wake.
;
; All share a pool, a table of 64-bit words:
;   0  call      the address of `call`, 0 where there are no helpers
;   1  limit     the address of a function that tells how many threads this one may use, 0 where none does
;   2  stop      1 where helpers are to return
;   3  helpers   how many may help with the loop
;   4  work      what runs pieces of the loop until none is left,
;   5  shared    on this argument
;   8  state     OWNED while a caller has the pool, OPEN while helpers may begin, and HELPER for each at work
;  16  sleeping  how many helpers wait to be woken; who wakes one takes it off
;  24  loop      the number of the loop
;  25  alone     the time in nanoseconds until which no helper is asked
;  26  joined    the number of the last loop that a helper joined
;  32  wake      a semaphore
;  40  team      the address of `GOMP_parallel` of a framework's OpenMP, 0 where there is none
;  41  main      the thread whose team is used
;  42  preferred the time until which the team is asked in the place of helpers
;  43  barred    the time until which it is not
;  44  penalty   how long the team is barred the next time, at least
; A helper reads the words of a loop only while it counts in `state`, and the caller changes them when none does.

declare i32 @sem_wait(ptr)
declare i32 @sem_post(ptr)
declare i32 @sched_yield()
declare ptr @pthread_self()
declare i32 @clock_gettime(i32, ptr)

%time = type { i64, i64 }

define internal i64 @now() {
  %time = alloca %time
  %told = call i32 @clock_gettime(i32 1, ptr %time)
  %seconds = load i64, ptr %time
  %rest.at = getelementptr %time, ptr %time, i64 0, i32 1
  %rest = load i64, ptr %rest.at
  %whole = mul i64 %seconds, 1000000000
  %now = add i64 %whole, %rest
  ret i64 %now
}

; Run `work(shared)`, together with so many helpers at most. Where another caller has the pool, this one works alone; so
; do all for TIMES as long as a caller was held up by a helper that had begun and was then pushed off its processor.
define void @call(ptr %pool, ptr %work, ptr %shared, i64 %most) {
entry:
  %limit.at = getelementptr i64, ptr %pool, i64 1
  %limit = load ptr, ptr %limit.at
  %limited = icmp ne ptr %limit, null
  br i1 %limited, label %ask, label %begin

ask:
  %threads = call i32 %limit()
  %threads.long = sext i32 %threads to i64
  %others = sub i64 %threads.long, 1
  %fewer = icmp slt i64 %others, %most
  %asked = select i1 %fewer, i64 %others, i64 %most
  br label %begin

begin:
  %helpers = phi i64 [ %most, %entry ], [ %asked, %ask ]
  %any = icmp sgt i64 %helpers, 0
  br i1 %any, label %look, label %alone

look:
  %started = call i64 @now()
  %team = call i1 @team.wanted(ptr %pool, i64 %started)
  %alone.at = getelementptr i64, ptr %pool, i64 25
  %until = load atomic i64, ptr %alone.at monotonic, align 8
  %helped = icmp sge i64 %started, %until
  %shares = or i1 %team, %helped
  br i1 %shares, label %own, label %alone

own:
  %state.at = getelementptr i64, ptr %pool, i64 8
  %pair = cmpxchg ptr %state.at, i64 0, i64 1 acquire monotonic
  %owned = extractvalue { i64, i1 } %pair, 1
  br i1 %owned, label %share, label %alone

share:
  br i1 %team, label %by.team, label %by.helpers

by.team:
  call void @by.team(ptr %pool, ptr %work, ptr %shared, i64 %helpers, i64 %started)
  br label %close

by.helpers:
  call void @by.helpers(ptr %pool, ptr %work, ptr %shared, i64 %helpers, i64 %started)
  br label %close

close:
  store atomic i64 0, ptr %state.at release, align 8
  ret void

alone:
  call void %work(ptr %shared)
  ret void
}

; Open the loop to helpers, work, close it, and wait for those at work.
define internal void @by.helpers(ptr %pool, ptr %work, ptr %shared, i64 %helpers, i64 %started) {
  %helpers.at = getelementptr i64, ptr %pool, i64 3
  %work.at = getelementptr i64, ptr %pool, i64 4
  %shared.at = getelementptr i64, ptr %pool, i64 5
  %state.at = getelementptr i64, ptr %pool, i64 8
  %sleeping.at = getelementptr i64, ptr %pool, i64 16
  %loop.at = getelementptr i64, ptr %pool, i64 24
  %alone.at = getelementptr i64, ptr %pool, i64 25
  %wake.at = getelementptr i64, ptr %pool, i64 32
  store atomic i64 %helpers, ptr %helpers.at monotonic, align 8
  store ptr %work, ptr %work.at
  store ptr %shared, ptr %shared.at
  %loop = load i64, ptr %loop.at
  %loop.next = add i64 %loop, 1
  store atomic i64 %loop.next, ptr %loop.at monotonic, align 8
  store atomic i64 3, ptr %state.at seq_cst, align 8
  %sleeping = load atomic i64, ptr %sleeping.at seq_cst, align 8
  %enough = icmp slt i64 %helpers, %sleeping
  %wanted = select i1 %enough, i64 %helpers, i64 %sleeping
  %asleep.still = sub i64 %sleeping, %wanted
  %claim = cmpxchg ptr %sleeping.at, i64 %sleeping, i64 %asleep.still monotonic monotonic
  %claimed = extractvalue { i64, i1 } %claim, 1
  %woken = select i1 %claimed, i64 %wanted, i64 0
  br label %wake

wake:
  %left = phi i64 [ %woken, %0 ], [ %left.next, %post ]
  %more = icmp sgt i64 %left, 0
  br i1 %more, label %post, label %run

post:
  %posted = call i32 @sem_post(ptr %wake.at)
  %left.next = sub i64 %left, 1
  br label %wake

run:
  call void %work(ptr %shared)
  %before = atomicrmw and ptr %state.at, i64 -3 acq_rel
  %by.itself = icmp eq i64 %before, 3
  br i1 %by.itself, label %check, label %waiting

check:
  %joined.at = getelementptr i64, ptr %pool, i64 26
  %joined = load atomic i64, ptr %joined.at monotonic, align 8
  %helped = icmp eq i64 %joined, %loop.next
  br i1 %helped, label %done, label %fail

waiting:
  %worked.until = call i64 @now()
  br label %wait

wait:
  %tries = phi i64 [ 0, %waiting ], [ %tries.next, %again ]
  %state = load atomic i64, ptr %state.at acquire, align 8
  %left.alone = icmp eq i64 %state, 1
  br i1 %left.alone, label %waited, label %patient

patient:
  PAUSE
  %tries.next = add i64 %tries, 1
  %long = icmp sgt i64 %tries, SPINS
  br i1 %long, label %yield, label %again

yield:
  %yielded = call i32 @sched_yield()
  br label %again

again:
  br label %wait

waited:
  %now = call i64 @now()
  %waited.for = sub i64 %now, %worked.until
  %held.up = call i1 @held.up(i64 %started, i64 %worked.until, i64 %now)
  br i1 %held.up, label %learn, label %done

learn:
  %penalty = mul i64 %waited.for, TIMES
  %alone.until = add i64 %now, %penalty
  store atomic i64 %alone.until, ptr %alone.at monotonic, align 8
  br label %fail

fail:
  call void @prefer.team(ptr %pool)
  br label %done

done:
  ret void
}

; Whether to ask the team: helpers failed lately, the team was not held up lately, and it is this thread's.
define internal i1 @team.wanted(ptr %pool, i64 %now) {
  %preferred.at = getelementptr i64, ptr %pool, i64 42
  %preferred = load atomic i64, ptr %preferred.at monotonic, align 8
  %wanted = icmp slt i64 %now, %preferred
  br i1 %wanted, label %look, label %no

look:
  %barred.at = getelementptr i64, ptr %pool, i64 43
  %barred = load atomic i64, ptr %barred.at monotonic, align 8
  %free = icmp sge i64 %now, %barred
  %main.at = getelementptr i64, ptr %pool, i64 41
  %main = load ptr, ptr %main.at
  %self = call ptr @pthread_self()
  %own = icmp eq ptr %self, %main
  %good = and i1 %free, %own
  ret i1 %good

no:
  ret i1 false
}

define internal void @prefer.team(ptr %pool) {
  %team.at = getelementptr i64, ptr %pool, i64 40
  %team = load ptr, ptr %team.at
  %there = icmp ne ptr %team, null
  br i1 %there, label %prefer, label %done

prefer:
  %now = call i64 @now()
  %until = add i64 %now, PREFERENCE
  %preferred.at = getelementptr i64, ptr %pool, i64 42
  store atomic i64 %until, ptr %preferred.at monotonic, align 8
  br label %done

done:
  ret void
}

%region = type { ptr, ptr, ptr, i64 } ; what a team runs, its argument, who called, and when that thread had worked

; What each thread of a team runs.
define internal void @member(ptr %region) {
  %work = load ptr, ptr %region
  %shared.at = getelementptr %region, ptr %region, i64 0, i32 1
  %shared = load ptr, ptr %shared.at
  call void %work(ptr %shared)
  %caller.at = getelementptr %region, ptr %region, i64 0, i32 2
  %caller = load ptr, ptr %caller.at
  %self = call ptr @pthread_self()
  %calls = icmp eq ptr %self, %caller
  br i1 %calls, label %tell, label %done

tell:
  %worked.until = call i64 @now()
  %worked.until.at = getelementptr %region, ptr %region, i64 0, i32 3
  store i64 %worked.until, ptr %worked.until.at
  br label %done

done:
  ret void
}

; Work in the team. Where its region waited long for a thread, the team is barred for a while, twice as long each time.
define internal void @by.team(ptr %pool, ptr %work, ptr %shared, i64 %helpers, i64 %started) {
  %region = alloca %region
  %self = call ptr @pthread_self()
  %shared.at = getelementptr %region, ptr %region, i64 0, i32 1
  %caller.at = getelementptr %region, ptr %region, i64 0, i32 2
  store ptr %work, ptr %region
  store ptr %shared, ptr %shared.at
  store ptr %self, ptr %caller.at
  %threads = add i64 %helpers, 1
  %count = trunc i64 %threads to i32
  %team.at = getelementptr i64, ptr %pool, i64 40
  %team = load ptr, ptr %team.at
  call void %team(ptr @member, ptr %region, i32 %count, i32 0)
  %now = call i64 @now()
  %worked.until.at = getelementptr %region, ptr %region, i64 0, i32 3
  %worked.until = load i64, ptr %worked.until.at
  %waited.for = sub i64 %now, %worked.until
  %held.up = call i1 @held.up(i64 %started, i64 %worked.until, i64 %now)
  %penalty.at = getelementptr i64, ptr %pool, i64 44
  %penalty = load i64, ptr %penalty.at
  br i1 %held.up, label %bar, label %forgive

bar:
  %times = mul i64 %waited.for, TIMES
  %more = icmp sgt i64 %times, %penalty
  %long = select i1 %more, i64 %times, i64 %penalty
  %until = add i64 %now, %long
  %barred.at = getelementptr i64, ptr %pool, i64 43
  store atomic i64 %until, ptr %barred.at monotonic, align 8
  %twice = shl i64 %long, 1
  %too.long = icmp sgt i64 %twice, LONGEST
  %next = select i1 %too.long, i64 LONGEST, i64 %twice
  store i64 %next, ptr %penalty.at
  ret void

forgive:
  %part = lshr i64 %penalty, 8
  %less = sub i64 %penalty, %part
  store i64 %less, ptr %penalty.at
  ret void
}

; Whether a caller that worked until then has waited for more than a quarter of its work and HELD nanoseconds.
define internal i1 @held.up(i64 %started, i64 %worked.until, i64 %now) {
  %worked = sub i64 %worked.until, %started
  %waited.for = sub i64 %now, %worked.until
  %bearable = lshr i64 %worked, 2
  %allowed = add i64 %bearable, HELD
  %held.up = icmp sgt i64 %waited.for, %allowed
  ret i1 %held.up
}

; What each helper runs until it is stopped: it looks out for a loop for a while, then sleeps until it is woken.
define ptr @helper(ptr %pool) {
entry:
  %stop.at = getelementptr i64, ptr %pool, i64 2
  %helpers.at = getelementptr i64, ptr %pool, i64 3
  %work.at = getelementptr i64, ptr %pool, i64 4
  %shared.at = getelementptr i64, ptr %pool, i64 5
  %state.at = getelementptr i64, ptr %pool, i64 8
  %sleeping.at = getelementptr i64, ptr %pool, i64 16
  %loop.at = getelementptr i64, ptr %pool, i64 24
  %joined.at = getelementptr i64, ptr %pool, i64 26
  %wake.at = getelementptr i64, ptr %pool, i64 32
  %begun = call i64 @now()
  br label %look

look:
  %tries = phi i64 [ 0, %entry ], [ %tries.next, %tire ], [ 0, %sleep ], [ 0, %leave ], [ 0, %give.way ]
  %last = phi i64 [ 0, %entry ], [ %last, %tire ], [ %last, %sleep ], [ %loop, %leave ], [ %loop, %give.way ]
  %since = phi i64 [ %begun, %entry ], [ %since, %tire ], [ %rested, %sleep ], [ %since, %leave ], [ %back, %give.way ]
  %stop = load atomic i64, ptr %stop.at monotonic, align 8
  %stopped = icmp ne i64 %stop, 0
  br i1 %stopped, label %done, label %find

find:
  %state = load atomic i64, ptr %state.at acquire, align 8
  %open.bit = and i64 %state, 2
  %open = icmp ne i64 %open.bit, 0
  %number = load atomic i64, ptr %loop.at monotonic, align 8
  %other = icmp ne i64 %number, %last
  %new = and i1 %open, %other
  br i1 %new, label %join, label %nothing

join:
  %at.work = lshr i64 %state, 8
  %helpers = load atomic i64, ptr %helpers.at monotonic, align 8
  %room = icmp slt i64 %at.work, %helpers
  %with = add i64 %state, 256
  br i1 %room, label %enter, label %nothing

enter:
  %pair = cmpxchg ptr %state.at, i64 %state, i64 %with acq_rel monotonic
  %entered = extractvalue { i64, i1 } %pair, 1
  br i1 %entered, label %help, label %nothing

help:
  %loop = load atomic i64, ptr %loop.at monotonic, align 8
  %work = load ptr, ptr %work.at
  %shared = load ptr, ptr %shared.at
  store atomic i64 %loop, ptr %joined.at monotonic, align 8
  call void %work(ptr %shared)
  br label %leave

leave:
  %left = atomicrmw sub ptr %state.at, i64 256 release
  %ended = call i64 @now()
  %turn = sub i64 %ended, %since
  %over = icmp sgt i64 %turn, TURN
  br i1 %over, label %give.way, label %look

give.way:
  %gave.way = call i32 @sched_yield()
  %back = call i64 @now()
  br label %look

nothing:
  PAUSE
  %tries.next = add i64 %tries, 1
  %some = and i64 %tries.next, 63
  %now.and.then = icmp eq i64 %some, 0
  br i1 %now.and.then, label %offer, label %tire

offer:
  %offered = call i32 @sched_yield()
  br label %tire

tire:
  %long = icmp sgt i64 %tries, SPINS
  br i1 %long, label %sleep, label %look

sleep:
  %before = atomicrmw add ptr %sleeping.at, i64 1 seq_cst
  %woken = call i32 @sem_wait(ptr %wake.at)
  %rested = call i64 @now()
  br label %look

done:
  ret ptr null
}
