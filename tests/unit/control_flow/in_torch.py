# pyright: basic
"""Programs in torch whose control flow depends on values, with inputs for every path."""

import torch
import torch.nn.functional as F
from torch import nn


def v(*numbers):
    return torch.tensor(numbers, dtype=torch.float32)


def sign_of_sum(x):
    """Branches of three kinds, one of which returns."""
    if x.sum() > 0:
        y = x * 2
    elif x.sum() < -10:
        y = x - 1
        y += 3
    else:
        return x.abs()
    return y + 1


def newton(x, tolerance):
    """Iterative refinement until a tolerance, at most 20 steps."""
    y, n = x / 2, 0
    while (y * y - x).abs().max() > tolerance:
        y = (y + x / y) / 2
        n += 1
        if n >= 20:
            break
    return y, n


def sum_of_rows(x):
    total = 0
    for row in x:
        if row.sum() < 0:
            continue
        if row.sum() > 100:
            break
        total = total + row.sum()
    else:
        total = total + 1
    return total


def counted(x):
    """A loop whose number of steps is the integer of a sum."""
    n = int(x.sum())
    out = x.new_zeros(3)
    for i in range(n):
        out = out + i
    return out, n


def masked(x, mask):
    if mask.any():
        x = x.masked_fill(mask, 0.0)
        count = mask.nonzero().shape[0]
    else:
        count = 0
    return x, count


def writes_into_views(x):
    y = x.clone()
    tail = y[1:]
    if tail.sum() > 0:
        tail.mul_(2)
        y[0] = 7
    else:
        y.zero_()
    return y, tail


def changes_its_argument(x):
    if x.max() > 1:
        x.clamp_(max=1)
        x[0] = -1
    return x.sum()


def logic(x):
    if (x.sum() > 0 and x.max() < 5) or not x.min() > -5:
        return x + 1
    return x if x.mean() > -2 else x * 3


def collatz(n):
    """A loop over Python numbers that come from a tensor."""
    value, steps = n.item(), 0
    while value != 1:
        value = value // 2 if value % 2 == 0 else 3 * value + 1
        steps += 1
    return steps, value


def grows(x):
    """State whose size changes in each step."""
    y = x
    while y.shape[0] < 20 and y.abs().sum() < 50:
        y = torch.cat([y, y[:1] * 2])
    return y


def fills_a_table(x):
    """In-place writes in a nested loop, at places that values tell."""
    out = torch.zeros(4, 4)
    for i in range(4):
        j = 0
        while j < x[i]:
            out[i, j] = i * 10 + j
            j += 1
    return out


def bisection(target):
    low, high = torch.zeros(()), torch.ones(()) * 10
    for _ in range(60):
        middle = (low + high) / 2
        if (high - low) < 1e-5:
            break
        if middle**3 < target:
            low = middle
        else:
            high = middle
    return low


def list_of_numbers(x):
    smallest, *_, largest = x.sort().values.tolist()
    return x.clamp(smallest / 2, largest / 2), [smallest, largest]


def picks(x, k):
    """Sizes and slices by numbers that come from tensors."""
    n = k.item()
    first = x[:n]
    return first.sum(), x[n:], torch.zeros(n + 1), first.mean() if n else x[0]


def several_of(x):
    distinct, counts = torch.unique(x, return_counts=True)
    if distinct.numel() == x.numel():
        return distinct, counts.max()
    return distinct[counts > 1], counts.max()


class EarlyExit(nn.Module):
    """Layers until one is sure; a buffer counts how often."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
        self.register_buffer("count", torch.zeros((), dtype=torch.long))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
            if x.max() > 0.8:
                self.count += 1
                return x
        return x * 0


class Greedy(nn.Module):
    """Greedy decoding until a stop token."""

    def __init__(self):
        super().__init__()
        self.embedding, self.head = nn.Embedding(10, 8), nn.Linear(8, 10)

    def forward(self, ids):
        for _ in range(12):
            following = self.head(self.embedding(ids).mean(0)).argmax()
            ids = torch.cat([ids, following.reshape(1)])
            if following == 7:
                break
        return ids


class GreedyWhile(Greedy):
    def forward(self, ids):
        n = 0
        while n < 12:
            following = self.head(self.embedding(ids).mean(0)).argmax()
            ids = torch.cat([ids, following[None]])
            n += 1
            if following.item() == 7:
                break
        return ids, n


class Mixture(nn.Module):
    """A mixture of experts that runs those alone to which rows are routed."""

    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(4, 3)
        self.experts = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))

    def forward(self, x):
        chosen = self.gate(x).argmax(-1)
        out = torch.zeros_like(x)
        for i, expert in enumerate(self.experts):
            rows = chosen == i
            if rows.any():
                out[rows] = expert(x[rows])
        return out


class NormOnOnePath(nn.Module):
    """Statistics that one path updates, in training."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(3)

    def forward(self, x):
        if x.mean() > 0:
            x = self.norm(x)
        if self.training and x.sum() < 100:
            x = x + 1
        return x


class RunningMaximum(nn.Module):
    """Buffers that are assigned and written into."""

    def __init__(self):
        super().__init__()
        self.register_buffer("largest", torch.zeros(()))
        self.register_buffer("history", torch.zeros(3))

    def forward(self, x):
        if x.max() > self.largest:
            self.largest = x.max()
            self.history[0] = self.largest
        else:
            self.history += 1
        return x - self.largest


class Recurrent(nn.Module):
    """A cell that runs until its state settles."""

    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(3, 3)

    def forward(self, x):
        state, steps = torch.zeros_like(x), 0
        for _ in range(30):
            new = self.cell(x, state)
            done = (new - state).abs().max() < 1e-2
            state = new
            steps += 1
            if done:
                break
        return state, steps


class Residual(nn.Module):
    """A helper with an early return, called with several structures."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def helper(self, x, scale=1.0):
        if x.norm() < 1:
            return {"value": x * scale, "norm": x.norm()}
        x = x / x.norm()
        return {"value": self.linear(x), "norm": x.norm()}

    def forward(self, x):
        found = self.helper(x)
        again = self.helper(found["value"] * 3, scale=2.0)
        return F.relu(again["value"]), found["norm"] + again["norm"]


torch.manual_seed(0)
PROGRAMS = [
    (sign_of_sum, [(v(1, 2),), (v(*[-1] * 30),), (v(-1, -1),)]),
    (newton, [(v(4, 9), v(1e-4)[0]), (v(1e4, 2), v(1e-3)[0]), (v(4, 4), v(10)[0])]),
    (sum_of_rows, [(torch.randn(5, 3),), (torch.tensor([[1.0, 2], [200, 0], [3, 3]]),), (-torch.rand(6, 2),)]),
    (counted, [(torch.ones(3),), (torch.ones(7),), (torch.zeros(2),)]),
    (masked, [(v(1, 2, 3), torch.tensor([True, False, True])), (v(1, 2, 3, 4), torch.zeros(4, dtype=torch.bool))]),
    (writes_into_views, [(torch.ones(3),), (-torch.ones(4),)]),
    (changes_its_argument, [(v(1, 2, 3),), (v(0, 0.5),)]),
    (logic, [(torch.ones(3),), (6 * torch.ones(3),), (-6 * torch.ones(3),), (-torch.ones(3),), (-3 * torch.ones(4),)]),
    (collatz, [(torch.tensor(7),), (torch.tensor(1),), (torch.tensor(27),)]),
    (grows, [(v(1, 2),), (v(60, 2),), (v(0.1, 0, 0),)]),
    (fills_a_table, [(torch.tensor([0, 1, 2, 4]),), (torch.tensor([0, 0, 0, 0]),)]),
    (bisection, [(v(27)[0],), (v(0)[0],), (v(500)[0],)]),
    (list_of_numbers, [(v(3, 1, 2, 8),), (v(-3, 1, 2, -8),)]),
    (picks, [(v(1, 2, 3), torch.tensor(2)), (v(1, 2, 3, 4), torch.tensor(0)), (v(1, 2), torch.tensor(2))]),
    (several_of, [(v(1, 2, 1),), (v(3, 2, 1),), (v(1, 1, 2, 2, 3),)]),
    (EarlyExit(), [(torch.ones(2, 4),), (5 * torch.ones(3, 4),), (torch.zeros(2, 4),), (9 * torch.randn(2, 4),)]),
    (Greedy(), [(torch.tensor([1, 2]),), (torch.tensor([3, 3]),), (torch.tensor([5, 5, 1]),)]),
    (GreedyWhile(), [(torch.tensor([1, 2]),), (torch.tensor([3, 3]),), (torch.tensor([5, 5, 1]),)]),
    (Mixture(), [(torch.randn(5, 4),), (torch.ones(3, 4),)]),
    (NormOnOnePath(), [(torch.rand(4, 3),), (-torch.rand(4, 3),), (99 * torch.rand(4, 3),)]),
    (NormOnOnePath().eval(), [(torch.rand(4, 3),), (-torch.rand(4, 3),)]),
    (RunningMaximum(), [(v(1, 2),), (v(0, 1),), (v(5, 1, 1),)]),
    (Recurrent(), [(torch.randn(2, 3),), (torch.zeros(2, 3),), (torch.ones(4, 3),)]),
    (Residual(), [(v(0.1, 0.2, 0.1),), (v(3, 4, 5),), (v(0.3, 0.3, 0.3),)]),
]
