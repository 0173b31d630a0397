// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title A marketplace's own token (ERC-20, ERC-2612): GENX for the market, FTNS for compute.
/// @notice All of it is made at the beginning; nobody can make more, freeze it, or take it.
contract PlatformToken is ERC20, ERC20Permit {
    constructor(string memory name, string memory symbol, uint256 supply, address holder)
        ERC20(name, symbol)
        ERC20Permit(name)
    {
        _mint(holder, supply);
    }
}
