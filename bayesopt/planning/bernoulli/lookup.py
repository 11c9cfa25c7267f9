"""Kernels that read a solved Bernoulli bandit: policy bits, action values, and forward evaluation of the policy.

A belief is given by the pulls and successes of its arms in the caller's order. `groups[arm]` numbers the sets of
exchangeable arms. Sorted by (group, pulls), the arm at position i has the part `roles[i]` in the stored states. If
several arms share a part, all but the last of them are unpulled copies, which the horizon is too short to need.
"""

import numpy as np

from bayesopt.planning.compiled import compiled

LANES = 8


@compiled
def _assign_roles(pulls, groups, roles, order, role_of, role_pulls):
    """Fill the part of each arm, and the pulls of each part."""
    for i in range(len(pulls)):
        j = i
        while j > 0:
            other = order[j - 1]
            if groups[other] < groups[i] or (groups[other] == groups[i] and pulls[other] <= pulls[i]):
                break
            order[j] = other
            j -= 1
        order[j] = i
    for i in range(len(pulls)):
        role_of[order[i]] = roles[i]
        role_pulls[roles[i]] = pulls[order[i]]


@compiled
def _find_column(role_pulls, layout):
    """Return the column with these counts, by bisection of the colex ranks."""
    rank, total = 0, 0
    for i in range(layout.num_others):
        total += role_pulls[i]
        rank += layout.binomials[total + i, i + 1]
    low, high = 0, len(layout.ranks) - 1
    while low < high:
        middle = (low + high) // 2
        if layout.ranks[middle] < rank:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def _find_row(role_pulls, role_successes, layout):
    """Return the row within the column, and the number of rows."""
    row, num_rows = 0, 1
    for role in range(layout.num_others - 1, -1, -1):
        row += num_rows * role_successes[role]
        num_rows *= role_pulls[role] + 1
    return row, num_rows


@compiled
def read_policy(policy, successes, pulls, groups, roles, layout, is_optimal):
    """Fill `is_optimal` (belief, arm) with the stored bits."""
    num_arms, last = pulls.shape[1], layout.num_others
    order, role_of = np.zeros(num_arms, np.int64), np.zeros(num_arms, np.int64)
    role_pulls, role_successes = np.zeros(last + 1, np.int64), np.zeros(last + 1, np.int64)
    for belief in range(len(pulls)):
        _assign_roles(pulls[belief], groups, roles, order, role_of, role_pulls)
        role_successes[:] = 0
        for arm in range(num_arms):
            role_successes[role_of[arm]] += successes[belief, arm]
        column = _find_column(role_pulls, layout)
        row, num_rows = _find_row(role_pulls, role_successes, layout)
        n_last, s_last = role_pulls[last], role_successes[last]
        group = layout.policy_starts[column] + num_rows * layout.groups_before[n_last]
        group += row * (n_last // LANES + 1) + s_last // LANES
        for arm in range(num_arms):
            is_optimal[belief, arm] = (policy[group, role_of[arm]] >> (s_last % LANES)) & 1


@compiled
def read_action_values(values, beliefs, successes, pulls, concentrations, groups, roles, layout, action_values):
    """Fill `action_values` at these indices of beliefs, all at time t; `values` hold `discount V(t + 1)`."""
    num_arms, last = pulls.shape[1], layout.num_others
    order, role_of = np.zeros(num_arms, np.int64), np.zeros(num_arms, np.int64)
    role_pulls, role_successes = np.zeros(last + 1, np.int64), np.zeros(last + 1, np.int64)
    n, worth = np.zeros(num_arms, np.int64), np.zeros(2)
    for belief in beliefs:
        n[:] = pulls[belief]
        for arm in range(num_arms):
            one = concentrations[arm, 0] + successes[belief, arm]
            zero = concentrations[arm, 1] + (n[arm] - successes[belief, arm])
            n[arm] += 1
            _assign_roles(n, groups, roles, order, role_of, role_pulls)
            n[arm] -= 1
            column = _find_column(role_pulls, layout)
            role_successes[:] = 0
            for other in range(num_arms):
                role_successes[role_of[other]] += successes[belief, other]
            for outcome in range(2):
                role_successes[role_of[arm]] += outcome
                row = _find_row(role_pulls, role_successes, layout)[0]
                worth[outcome] = values[layout.bases[column] + row * layout.strides[column] + role_successes[last]]
            action_values[belief, arm] = (one * (1 + worth[1]) + zero * worth[0]) / (one + zero)


@compiled
def play(policy, success_probs, groups, roles, layout, full):
    """Evaluate the policy forward from the prior, with ties broken uniformly at random.

    `success_probs` has axes (arm, pulls, successes). `full` is the layout of states with no exchangeable arms. Returns
    the probability of each pull (time, arm), the probability of each successful pull (time, arm), and the distribution
    of the total reward. Sums go over a row, then over rows, then over columns, because a long sum of small terms would
    lose digits.
    """
    num_arms, horizon = len(groups), full.horizon
    others = num_arms - 1
    now, then = np.zeros(full.num_values), np.zeros(full.num_values)
    now[0] = 1.0
    pull_probs, reward_probs = np.zeros((horizon, num_arms)), np.zeros((horizon, num_arms))
    in_column, in_row = np.zeros((2, num_arms)), np.zeros((2, num_arms))
    order, role_of = np.zeros(num_arms, np.int64), np.zeros(num_arms, np.int64)
    role_pulls, role_weights = np.zeros(layout.num_others + 1, np.int64), np.zeros(layout.num_others + 1, np.int64)
    n, s = np.zeros(num_arms, np.int64), np.zeros(num_arms, np.int64)
    at_failure, gains = np.zeros(num_arms, np.int64), np.zeros(num_arms, np.int64)
    steps = np.zeros((num_arms, num_arms), np.int64)
    for t in range(horizon):
        then[:] = 0.0
        for column in range(full.group_starts[t + 1]):
            n[:others], n[others] = full.counts[column], t - full.totals[column]
            _assign_roles(n, groups, roles, order, role_of, role_pulls)
            stored = _find_column(role_pulls, layout)
            n_last = role_pulls[layout.num_others]
            num_groups, weight = n_last // LANES + 1, 1
            for role in range(layout.num_others - 1, -1, -1):
                role_weights[role] = weight * num_groups
                weight *= role_pulls[role] + 1
            role_weights[layout.num_others] = 0
            first_group = layout.policy_starts[stored] + weight * layout.groups_before[n_last]

            num_rows = 1
            for k in range(num_arms):
                target = column if k == others else full.successors[column, k]
                at_failure[k] = full.bases[target]
                step = full.strides[target]
                gains[k] = 1
                for i in range(others - 1, -1, -1):
                    steps[k, i] = step
                    step *= n[i] + (2 if i == k else 1)
                if k < others:
                    gains[k] = steps[k, k]
                    num_rows *= n[k] + 1
                s[k] = 0
            begin = full.bases[column]
            in_column[:] = 0.0
            for _ in range(num_rows):
                in_row[:] = 0.0
                for s_own in range(n[others] + 1):
                    weight_here = now[begin + s_own]
                    if weight_here == 0:
                        continue
                    s[others] = s_own
                    group, s_last, num_good = first_group, 0, 0
                    for k in range(num_arms):
                        group += s[k] * role_weights[role_of[k]]
                        if role_of[k] == layout.num_others:
                            s_last += s[k]
                    group += s_last // LANES
                    for k in range(num_arms):
                        num_good += (policy[group, role_of[k]] >> (s_last % LANES)) & 1
                    for k in range(num_arms):
                        if (policy[group, role_of[k]] >> (s_last % LANES)) & 1:
                            pulled = weight_here / num_good
                            rewarded = pulled * success_probs[k, n[k], s[k]]
                            target = at_failure[k] + s_own
                            then[target + gains[k]] += rewarded
                            then[target] += pulled - rewarded
                            in_row[0, k] += pulled
                            in_row[1, k] += rewarded
                in_column += in_row
                begin += full.strides[column]
                for i in range(others - 1, -1, -1):
                    is_last = s[i] == n[i]
                    moved = -n[i] if is_last else 1
                    s[i] += moved
                    for k in range(num_arms):
                        at_failure[k] += moved * steps[k, i]
                    if not is_last:
                        break
            pull_probs[t] += in_column[0]
            reward_probs[t] += in_column[1]
        now, then = then, now
    return pull_probs, reward_probs, _distribution(now, full)


@compiled
def _distribution(probs, full):
    """Return the distribution of the number of successes at the horizon."""
    total, in_column = np.zeros(full.horizon + 1), np.zeros(full.horizon + 1)
    s = np.zeros(full.num_others, np.int64)
    for column in range(len(full.totals)):
        counts = full.counts[column]
        in_column[:] = 0.0
        begin, num_rows = full.bases[column], 1
        for i in range(full.num_others):
            num_rows *= counts[i] + 1
        s[:] = 0
        for _ in range(num_rows):
            reward = s.sum()
            for s_last in range(full.horizon - full.totals[column] + 1):
                in_column[reward + s_last] += probs[begin + s_last]
            begin += full.strides[column]
            for i in range(full.num_others - 1, -1, -1):
                is_last = s[i] == counts[i]
                s[i] += -counts[i] if is_last else 1
                if not is_last:
                    break
        total += in_column
    return total
