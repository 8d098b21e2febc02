# pyright: basic
"""Programs in numpy whose control flow depends on values, with inputs for every path."""

from dataclasses import dataclass, field

import numpy as np

LIMITS = {"low": -1.0, "high": 1.0}
CALLS = 0


def v(*numbers):
    return np.array(numbers, dtype=np.float64)


def sign_of_sum(x):
    if x.sum() > 0:
        y = x * 2
    elif x.sum() == 0:
        y = x + 1
    else:
        y = -x
    return y + 1


def newton(a, tolerance):
    """The square root, and the number of steps."""
    x, n = a, 0
    while abs(x * x - a) > tolerance:
        x = 0.5 * (x + a / x)
        n += 1
    return x, n


def bisection(low, high, target):
    mid = low
    for _ in range(200):
        mid = (low + high) / 2
        value = mid**3 - target
        if abs(value) < 1e-9:
            break
        if value < 0:
            low = mid
        else:
            high = mid
    else:
        return mid * np.nan
    return mid


def collatz(n):
    steps, largest = 0, n
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        largest = max(largest, n)
        steps += 1
    return steps, largest


def first_negative(table):
    """An early return out of nested loops."""
    for i in range(len(table)):
        for j in range(table.shape[1]):
            if table[i, j] < 0:
                return i * 10 + j
            if table[i, j] > 100:
                break
    return -1


def longest_run(x):
    best = run = 0
    previous = x[0]
    for value in x:
        if value == previous:
            run += 1
        else:
            run = 1
        if run > best:
            best = run
        previous = value
    return best


def matrix_power(a, n):
    result = np.eye(2)
    while n > 0:
        if n % 2 == 1:
            result = result @ a
        a = a @ a
        n //= 2
    return result


def line_search(x, g):
    step = 1.0
    value = (x**2).sum()
    while ((x - step * g) ** 2).sum() > value - 0.5 * step * (g**2).sum() and step > 1e-4:
        step *= 0.5
    else:
        step = step * 1.0
    return x - step * g, step


def k_means(points, centers):
    for _ in range(50):
        distance = ((points[:, None, :] - centers[None]) ** 2).sum(-1)
        nearest = distance.argmin(1)
        new = np.stack([(points * (nearest == k)[:, None]).sum(0) / max((nearest == k).sum(), 1) for k in range(2)])
        if np.abs(new - centers).max() < 1e-9:
            break
        centers = new
    return centers


def power_iteration(a):
    x = np.ones(len(a))
    value = 0.0
    while True:
        y = a @ x
        following = np.sqrt((y * y).sum())
        if following == 0:
            return x * 0, following
        x = y / following
        if abs(following - value) < 1e-10:
            break
        value = following
    return x, value


def machine(x):
    """A machine of states with names, which do not depend on values."""
    state, total = "start", x.sum()
    for _ in range(4):
        if state == "start":
            total = total + 1
            state = "work"
        elif state == "work":
            if total > 3:
                total = total / 2
            state = "end"
        else:
            total = total - 0.5
            if not total < 0:
                continue
            total = -total
    return total, state


@dataclass
class Adam:
    m: object
    n: int = 0
    log: dict = field(default_factory=dict)


def optimize(x):
    state = Adam(m=x * 0)
    while np.abs(x).max() > 0.1:
        state.m = 0.5 * state.m + 0.5 * x
        state.n += 1
        if state.n < 100:
            x = x - 0.5 * state.m
        else:
            x = x * 0
    return x, state.n, state.m


def swapped(a, b):
    n = 0
    while b > 0:
        a, b = b, a % b
        n += 1
    pair = (a, n)
    if a > 1:
        pair = pair[0] * 2, pair[1] + 1
    return pair


def in_place(x, y):
    """Writes into arguments and views of them."""
    if x[0] > 0:
        x[1:] += y[1:]
        row = y[:2]
        row *= 2
    else:
        y[-1] = x.sum()
    for i in range(3):
        if y[i] > 1:
            y[i] -= 1
    return x.sum() + y.sum()


def counted(x):
    global CALLS
    if np.max(x) > 1:
        CALLS = CALLS + 1
        return x / x.max()
    return x


def ternaries(x):
    scale = [2.0 if value > 0 else -1.0 for value in (x[0], x[-1], x.sum())]
    low, high = LIMITS["low"], LIMITS["high"]
    inside = low < x.sum() < high
    return x * scale[0] + scale[1] * scale[2], inside, low < x[0] <= high or x[-1] > 3


def and_or(x, y):
    chosen = (x.sum() > 0 and x[0]) or y[0]
    if (x.sum() > 0 and not y.sum() > 0) or y[0] == 7:
        return chosen + 1
    return chosen


def undefined_on_one_path(x):
    if x.sum() > 0:
        y = x * 2
        z = y + 1
    if x.sum() > 0:
        return y + z
    return x


def asserted(x):
    assert x.min() > -5, "too small"
    total = x.sum()
    if total > 100:
        raise ValueError("too large")
    return x / total


def log_of_values(x):
    """A list as the state of a loop, each step of which changes it."""
    log = [0.0, 0.0]
    names = {"count": 0, "last": x[0]}
    for value in x:
        if value > 0:
            log[0] = log[0] + value
            names["count"] += 1
        else:
            log[1] = log[1] - value
        names["last"] = value
    return log[0], log[1], names["count"], names["last"]


def until(x):
    n = 0
    while (total := x.sum()) > 1 and n < 20:
        x = x / 2
        n += 1
        if total > 1000:
            continue
        if total > 500:
            break
    return x, n, total


def sorted_by_swaps(x):
    x = x.copy()
    changed = True
    while changed:
        changed = False
        for i in range(len(x) - 1):
            if x[i] > x[i + 1]:
                x[i], x[i + 1] = x[i + 1], x[i]
                changed = True
    return x


def helper(x, limit):
    if x > limit:
        return limit
    return x


class Clip:
    def __init__(self, limit):
        self.limit = limit

    def __call__(self, x):
        return helper(x[0], self.limit) + self.rest(x)

    def rest(self, x):
        return sum(value if value > 0 else -value for value in (x[1], x[2]))


clip = Clip(2.0)


def clipped(x):
    return clip(x)


def count_down(n, x):
    for i in range(int(n)):
        x = x + i
        if x.sum() > 20:
            break
    else:
        x = x * 10
    return x


def gcd_of_all(x):
    found = x[0]
    for value in x[1:]:
        while value != 0:
            found, value = value, found % value
        if found == 1:
            return found
    return found


def fixed_point(x):
    def step(x):
        return np.cos(x) if x.sum() > 0 else np.abs(np.cos(x))

    previous = x + 1
    while np.abs(x - previous).max() > 1e-6:
        previous, x = x, step(x)
    return x


T, F = v(2, 3, 4), v(-2, -3, -4)

PROGRAMS = [
    (sign_of_sum, [(T,), (F,), (v(0, 0),), (v(1, -3, 1, 1, 1),)]),
    (newton, [(np.array(2.0), np.array(1e-9)), (np.array(9.0), np.array(100.0)), (np.array(100.0), np.array(1e-3))]),
    (bisection, [(np.array(0.0), np.array(4.0), np.array(8.0)), (np.array(1.0), np.array(3.0), np.array(20.0)),
                 (np.array(0.0), np.array(1.0), np.array(20.0))]),
    (collatz, [(np.array(27),), (np.array(1),), (np.array(6),)]),
    (first_negative, [(np.array([[1.0, 2], [3, -4]]),), (np.array([[-1.0, 2, 5], [3, 4, 1]]),),
                      (np.array([[1.0, 200, -3], [3, 4, 5]]),), (np.array([[1.0, 200, -3], [3, 4, -5]]),)]),
    (longest_run, [(v(1, 1, 2, 2, 2, 3),), (v(1, 2),), (v(4, 4, 4),)]),
    (matrix_power, [(np.array([[1.0, 1], [1, 0]]), np.array(n)) for n in (0, 1, 10)]),
    (line_search, [(v(1, 2), v(2, 4)), (v(1, 2), v(0.1, 0.2)), (v(1, 2, 3), v(-1, -1, -1))]),
    (k_means, [(np.array([[0.0, 0], [1, 0], [10, 10], [11, 10]]), np.array([[0.0, 0], [1, 0]])),
               (np.array([[0.0, 0], [10, 10], [10, 12]]), np.array([[0.0, 0], [10, 11]]))]),
    (power_iteration, [(np.array([[2.0, 1], [1, 3]]),), (np.zeros((2, 2)),), (np.eye(3),)]),
    (machine, [(T,), (F,), (v(0, 0),)]),
    (optimize, [(T,), (v(0.01, 0.05),), (v(1.5, -3),)]),
    (swapped, [(np.array(12), np.array(18)), (np.array(7), np.array(0)), (np.array(7), np.array(3))]),
    (in_place, [(T, v(1, 2, 3)), (F, v(1, 2, 3)), (v(1, 2, 3, 4), v(0, 0, 1, 2)), (v(0, 2, 3), v(5, 0, 1))]),
    (counted, [(T,), (F,), (v(0.5, 1),)]),
    (ternaries, [(T,), (F,), (v(0.5, -0.2, 0.1, 0.1),), (v(-0.1, 4),)]),
    (and_or, [(T, F), (F, T), (T, T), (F, v(7, 1))]),
    (undefined_on_one_path, [(T,), (F,)]),
    (asserted, [(T,), (v(1, -2, 3, 5),)]),
    (log_of_values, [(v(1, -2, 3),), (v(-1,),), (v(1, 2, 3, 4, -5),)]),
    (until, [(T,), (F,), (v(300, 300),), (v(3000, 300),)]),
    (sorted_by_swaps, [(v(3, 1, 2),), (v(1, 2, 3),), (v(5, 4, 3),)]),
    (clipped, [(T,), (F,), (v(1, -1, 1),)]),
    (count_down, [(np.array(3), T), (np.array(0), T), (np.array(100), F)]),
    (gcd_of_all, [(np.array([12, 18, 27]),), (np.array([12, 18]),), (np.array([3, 5, 7, 9]),)]),
    (fixed_point, [(T,), (F,), (v(0.5, 0.1),)]),
]  # fmt: skip
