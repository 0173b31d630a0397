// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Roots of append-only logs, with the time at which each stood on this chain.
/// @notice One transaction stands for any number of entries: the root is that of a Merkle log (RFC 6962). A log
/// is the account that writes it; nobody writes for another, nothing is ever changed.
contract Anchor {
    mapping(bytes32 key => uint64 time) private _anchored;

    event Anchored(address indexed log, uint64 treeSize, bytes32 root);

    error SizeMissing();

    /// @notice Writes down a head of the caller's log; again does no harm.
    function anchor(uint64 treeSize, bytes32 root) external {
        if (treeSize == 0) revert SizeMissing();
        bytes32 key = _key(msg.sender, treeSize, root);
        if (_anchored[key] != 0) return;
        _anchored[key] = uint64(block.timestamp);
        emit Anchored(msg.sender, treeSize, root);
    }

    /// @notice When this head was written, in seconds since 1970; 0: never.
    function anchoredAt(address log, uint64 treeSize, bytes32 root) external view returns (uint64) {
        return _anchored[_key(log, treeSize, root)];
    }

    function _key(address log, uint64 treeSize, bytes32 root) private pure returns (bytes32) {
        return keccak256(abi.encode(log, treeSize, root));
    }
}
