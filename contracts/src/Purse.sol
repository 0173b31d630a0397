// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title Money that is owed, and fetched by whom it is owed to.
/// @notice The token address zero is the chain's own coin. Nobody but the account itself can move what it
/// is owed, and a receiver or token that fails harms only whoever chose it.
abstract contract Purse is ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice What is owed, by token and account.
    mapping(address token => mapping(address account => uint256 amount)) public owed;

    event Withdrawn(address indexed token, address indexed account, address to, uint256 amount);

    error NothingOwed();
    error PaidNotExactly(uint256 wanted, uint256 paid);

    /// @notice Fetches everything that the caller is owed in one token.
    function withdraw(address token, address payable to) external nonReentrant returns (uint256 amount) {
        amount = owed[token][msg.sender];
        if (amount == 0) revert NothingOwed();
        owed[token][msg.sender] = 0;
        emit Withdrawn(token, msg.sender, to, amount);
        if (token == address(0)) Address.sendValue(to, amount);
        else IERC20(token).safeTransfer(to, amount);
    }

    /// @dev Makes an amount, which this contract holds, somebody's. It tells nobody: what is credited follows
    /// from the event of the deal, and a log of each part would cost more than all the rest.
    function _credit(address token, address account, uint256 amount) internal {
        if (amount == 0) return;
        owed[token][account] += amount;
    }

    /// @dev Takes exactly this amount from the caller: neither more nor less arrives, or it reverts. Tokens
    /// that keep a part of each transfer are therefore refused.
    function _take(address token, uint256 amount) internal {
        if (token == address(0)) {
            if (msg.value != amount) revert PaidNotExactly(amount, msg.value);
            return;
        }
        if (msg.value != 0) revert PaidNotExactly(0, msg.value);
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 paid = IERC20(token).balanceOf(address(this)) - before;
        if (paid != amount) revert PaidNotExactly(amount, paid);
    }
}
