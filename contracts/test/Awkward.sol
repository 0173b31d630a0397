// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @dev Keeps one percent of every transfer.
contract FeeToken is ERC20 {
    constructor(address holder) ERC20("Fee", "FEE") {
        _mint(holder, 1e30);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (from != address(0) && to != address(0)) {
            super._update(from, address(0xdead), value / 100);
            value -= value / 100;
        }
        super._update(from, to, value);
    }
}

/// @dev Says false instead of reverting, and moves nothing.
contract FalseToken is ERC20 {
    constructor(address holder) ERC20("False", "FALSE") {
        _mint(holder, 1e30);
    }

    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return false;
    }
}

/// @dev Can be told to fail, and to call back whoever moves it.
contract MoodyToken is ERC20 {
    bool public failing;
    address public target;
    bytes public call;
    bool public lastCallWorked;

    constructor(address holder) ERC20("Moody", "MOODY") {
        _mint(holder, 1e30);
    }

    function setFailing(bool failing_) external {
        failing = failing_;
    }

    function callBack(address target_, bytes calldata call_) external {
        target = target_;
        call = call_;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!failing, "not in the mood");
        if (target != address(0)) {
            address once = target;
            target = address(0);
            (lastCallWorked,) = once.call(call);
        }
        super._update(from, to, value);
    }
}

/// @dev A wallet that is a contract: it acts for its owner (ERC-1271), refuses coins, or calls back.
contract Wallet is IERC1271 {
    address public immutable owner;
    bool public refusing;
    address public target;
    bytes public call;
    bool public lastCallWorked;

    constructor(address owner_) {
        owner = owner_;
    }

    function setRefusing(bool refusing_) external {
        refusing = refusing_;
    }

    function callBack(address target_, bytes calldata call_) external {
        target = target_;
        call = call_;
    }

    function act(address to, uint256 value, bytes calldata data) external payable {
        require(msg.sender == owner, "not mine");
        (bool worked, bytes memory answer) = to.call{value: value}(data);
        if (!worked) {
            assembly {
                revert(add(answer, 32), mload(answer))
            }
        }
    }

    function isValidSignature(bytes32 hash, bytes memory signature) external view returns (bytes4) {
        (address signer,,) = ECDSA.tryRecover(hash, signature);
        return signer == owner ? IERC1271.isValidSignature.selector : bytes4(0);
    }

    receive() external payable {
        require(!refusing, "no coins, please");
        if (target != address(0)) {
            address once = target;
            target = address(0);
            (lastCallWorked,) = once.call(call);
        }
    }
}
