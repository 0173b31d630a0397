// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev A part of a price: in basis points of the whole.
struct Share {
    address account;
    uint16 bps;
}

/// @title Exact division of a price.
/// @notice Every part is rounded down; the few units that are left over go to the first share, which is the
/// creator's. The parts and the fee always sum to the price.
library Split {
    uint256 internal constant WHOLE_BPS = 10_000;
    uint256 internal constant MAX_SHARES = 10;

    error SharesWrong();

    /// @dev Reverts unless there are one to ten shares of real accounts which, with the fee, make the whole.
    function check(Share[] calldata shares, uint256 feeBps) internal pure {
        uint256 count = shares.length;
        if (count == 0 || count > MAX_SHARES) revert SharesWrong();
        uint256 sum = feeBps;
        for (uint256 i = 0; i < count; ++i) {
            if (shares[i].account == address(0)) revert SharesWrong();
            sum += shares[i].bps;
        }
        if (sum != WHOLE_BPS) revert SharesWrong();
    }

    /// @dev A part of an amount, rounded down.
    function part(uint128 amount, uint256 bps) internal pure returns (uint256) {
        return uint256(amount) * bps / WHOLE_BPS;
    }
}
